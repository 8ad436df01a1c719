/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.linux.io.Doorbells;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.process.NativeThread;
import dev.caisson.linux.process.ThreadEnd;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.VirtioDevice;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One platform thread that sleeps until the driver kicks a queue, then lets the device serve it.
 */
public final class QueueWorker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(QueueWorker.class.getName());

  private static final int STOP = 1;

  private final VirtioDevice device;
  private final int queue;
  private final EventCounter kick;
  private final EventCounter stop = EventCounter.create();
  private final Consumer<VirtioException> broken;
  private final Thread thread;
  private volatile @Nullable NativeThread running;

  /**
   * @param kick raised by the driver; stays the caller's
   * @param broken told when the guest broke a rule; the worker has ended by then
   */
  public QueueWorker(
      String name,
      VirtioDevice device,
      int queue,
      EventCounter kick,
      Consumer<VirtioException> broken) {
    this.device = device;
    this.queue = queue;
    this.kick = kick;
    this.broken = broken;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /** Starts; what is already in the queue is served first. */
  public QueueWorker start() {
    try {
      thread.start();
      return this;
    } catch (Error noThread) {
      stop.close();
      throw noThread;
    }
  }

  private void run() {
    running = NativeThread.ofCurrentThread();
    try (var bells = new Doorbells(stop, kick)) {
      // A kick that came before this worker may have been taken by its predecessor.
      device.kicked(queue);
      boolean more = true;
      while (more) {
        more = turn(bells);
      }
    } catch (VirtioException e) {
      broken.accept(e);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "queue " + thread.getName() + " ended", e);
      broken.accept(
          new VirtioException(
              VirtioException.Kind.HOST, "queue " + thread.getName() + " ended", e));
    }
  }

  /** One wait and what follows; a method, as the loop around it is compiled much later. */
  private boolean turn(Doorbells bells) {
    int rung = bells.await(device.patience(queue));
    if ((rung & STOP) != 0) {
      return false;
    }
    if (rung != 0) {
      device.kicked(queue);
    } else {
      device.rested(queue);
    }
    return true;
  }

  /** A file of the host may keep who reads it waiting for ever; no guest may outlast its end so. */
  private void interruptCall() {
    NativeThread now = running;
    if (now != null) {
      now.kick();
    }
  }

  /** Waits until the device is no longer in the queue. */
  @Override
  public void close() {
    stop.signal();
    ThreadEnd.await(thread, this::interruptCall);
    stop.close();
  }
}
