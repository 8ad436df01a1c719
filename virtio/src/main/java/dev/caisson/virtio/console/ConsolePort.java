/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of one port: a blocking byte stream.
 *
 * <p>Nothing is buffered here. Bytes the host has not read stay in the guest's queue, so a guest
 * that floods a port waits; bytes the guest has made no room for keep the host's writer waiting. A
 * reset of the device interrupts neither. Reads end when the device is closed. One reader and one
 * writer at a time.
 */
public final class ConsolePort implements ByteChannel {
  /** Longest name: what a control message of one page could carry many times over. */
  private static final int LONGEST_NAME = 127;

  private final String name;
  private final boolean console;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition data = lock.newCondition();
  private final Condition room = lock.newCondition();
  private DeviceQueue fromGuest = DeviceQueue.absent();
  private DeviceQueue toGuest = DeviceQueue.absent();
  private boolean guestOpen;
  private boolean closed;
  private boolean ended;
  private long taken; // bytes already read of the first chain in fromGuest
  private Runnable onClose = () -> {};

  private ConsolePort(String name, boolean console) {
    if (name.length() > LONGEST_NAME || !name.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("port name \"" + name + "\"");
    }
    this.name = name;
    this.console = console;
  }

  /** A port that the guest makes a terminal of, {@code hvc}. */
  public static ConsolePort console() {
    return new ConsolePort("", true);
  }

  /**
   * A port for a program in the guest, which finds it by name in {@code /sys/class/virtio-ports}.
   *
   * @param name 1 to 127 visible ASCII characters
   */
  public static ConsolePort named(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a port needs a name or is a console");
    }
    return new ConsolePort(name, false);
  }

  public String name() {
    return name;
  }

  boolean isConsole() {
    return console;
  }

  /** Whether a program in the guest has the port open now. */
  public boolean guestOpen() {
    lock.lock();
    try {
      return guestOpen;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for bytes of the guest.
   *
   * @return bytes read; -1 when the device is gone
   */
  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!target.hasRemaining()) {
      return 0;
    }
    lock.lock();
    try {
      while (true) {
        requireOpen();
        int count = take(target);
        if (count > 0) {
          return count;
        }
        if (ended) {
          return -1;
        }
        await(data);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the guest has taken all bytes, or has made room for them. */
  @Override
  public int write(ByteBuffer source) throws IOException {
    int total = source.remaining();
    lock.lock();
    try {
      while (true) {
        requireOpen();
        if (ended) {
          throw new IOException("the guest is gone");
        }
        if (guestOpen) {
          put(source);
        }
        if (!source.hasRemaining()) {
          return total;
        }
        await(room);
      }
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // callers look again
  private void await(Condition condition) throws IOException {
    try {
      condition.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      var interrupted = new ClosedByInterruptException();
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  /** Moves what is there; answers how many bytes. */
  private int take(ByteBuffer target) {
    int before = target.position();
    try {
      do {
        for (Chain chain = next(fromGuest, target.hasRemaining());
            chain != null;
            chain = next(fromGuest, target.hasRemaining())) {
          long left = chain.readable().length() - taken;
          long count = left <= 0 ? 0 : chain.readable().copyTo(taken, free(target));
          target.position(target.position() + (int) count);
          if (count < left) {
            fromGuest.putBack(chain);
            taken += count;
          } else {
            fromGuest.complete(chain, 0);
            taken = 0;
          }
        }
        fromGuest.flush();
      } while (target.hasRemaining() && fromGuest.enableKicks());
    } catch (VirtioException fault) {
      broken(fromGuest, fault);
    }
    return target.position() - before;
  }

  private void put(ByteBuffer source) {
    try {
      do {
        for (Chain chain = next(toGuest, source.hasRemaining());
            chain != null;
            chain = next(toGuest, source.hasRemaining())) {
          if (chain.writable().length() == 0) {
            throw VirtioException.guest("no room in a buffer for a port's input");
          }
          int count = (int) chain.writable().copyFrom(free(source), 0);
          source.position(source.position() + count);
          toGuest.complete(chain, count);
        }
        toGuest.flush();
      } while (source.hasRemaining() && toGuest.enableKicks());
    } catch (VirtioException fault) {
      broken(toGuest, fault);
    }
  }

  private static @Nullable Chain next(DeviceQueue queue, boolean wanted) {
    return wanted ? queue.poll() : null;
  }

  /** What is between position and limit. */
  private static MemorySegment free(ByteBuffer buffer) {
    return MemorySegment.ofBuffer(buffer);
  }

  private void broken(DeviceQueue queue, VirtioException fault) {
    fromGuest = DeviceQueue.absent();
    toGuest = DeviceQueue.absent();
    queue.fail(fault);
  }

  /** What the guest writes is thrown away from now on, and it learns that nobody listens. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      data.signalAll();
      room.signalAll();
      discard();
    } finally {
      lock.unlock();
    }
    onClose.run();
  }

  @Override
  public boolean isOpen() {
    lock.lock();
    try {
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** A guest that writes to nobody must not wait for ever. */
  private void discard() {
    try {
      do {
        for (Chain chain = fromGuest.poll(); chain != null; chain = fromGuest.poll()) {
          fromGuest.complete(chain, 0);
        }
        fromGuest.flush();
        taken = 0;
      } while (fromGuest.enableKicks());
    } catch (VirtioException fault) {
      broken(fromGuest, fault);
    }
  }

  // What follows is called by the device.

  void onClose(Runnable listener) {
    onClose = listener;
  }

  void start(DeviceQueue input, DeviceQueue output) {
    lock.lock();
    try {
      toGuest = input;
      fromGuest = output;
      wake();
    } finally {
      lock.unlock();
    }
  }

  /** The guest offered bytes or room. */
  void kicked() {
    lock.lock();
    try {
      wake();
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    if (closed) {
      discard();
    }
    data.signalAll();
    room.signalAll();
  }

  void guestOpen(boolean open) {
    lock.lock();
    try {
      guestOpen = open;
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  long taken() {
    lock.lock();
    try {
      return taken;
    } finally {
      lock.unlock();
    }
  }

  void restore(boolean open, long takenBytes) {
    lock.lock();
    try {
      guestOpen = open;
      taken = takenBytes;
    } finally {
      lock.unlock();
    }
  }

  void stop() {
    lock.lock();
    try {
      fromGuest = DeviceQueue.absent();
      toGuest = DeviceQueue.absent();
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      wake();
    } finally {
      lock.unlock();
    }
  }
}
