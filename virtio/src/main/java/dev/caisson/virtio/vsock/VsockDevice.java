/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.LittleEndian;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * Streams between programs of the guest and the host, addressed by numbers. virtio 1.2, section
 * 5.10
 */
public final class VsockDevice implements VirtioDevice, Restorable {
  private static final int QUEUE_SIZE = 128;
  private static final int CONFIG = 8;
  private static final int EVENTS = 2;
  private static final long FIRST_GUEST = 3;
  private static final long LAST_GUEST = 0xffff_fffeL;

  private final StreamTable table;
  private volatile DeviceQueue events = DeviceQueue.absent();
  private volatile boolean forgotten;

  /**
   * @param guest the guest's number, 3 to 2^32 - 2
   */
  public VsockDevice(long guest) {
    if (guest < FIRST_GUEST || guest > LAST_GUEST) {
      throw new IllegalArgumentException("vsock number " + guest + " is not for guests");
    }
    this.table = new StreamTable(guest);
  }

  @Override
  public DeviceType type() {
    return DeviceType.VSOCK;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(3, QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return CONFIG;
  }

  @Override
  public void readConfig(MemorySegment target) {
    target.set(LittleEndian.U64, 0, table.guest());
  }

  /**
   * Opens a stream to a program that listens in the guest.
   *
   * @throws ConnectException when nobody listens there, or no answer came in time
   */
  public VsockStream connect(int port, Duration patience) throws IOException {
    table.lock().lock();
    try {
      VsockStream stream = table.connect(port);
      if (stream == null) {
        throw new ConnectException("too many streams to the guest");
      }
      if (!stream.awaitOpen(patience.toNanos())) {
        stream.close();
        throw new ConnectException(
            "port " + Integer.toUnsignedLong(port) + " of the guest did not answer");
      }
      return stream;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      table.lock().unlock();
    }
  }

  /**
   * Takes streams that programs of the guest open to a port of the host.
   *
   * @throws IllegalArgumentException when the port is taken
   */
  public VsockListener listen(int port) {
    return table.listen(port);
  }

  /** Packets of the guest that named another sender, or another receiver than the host. */
  public long forged() {
    return table.forged();
  }

  @Override
  public void start(long features, List<DeviceQueue> queues) {
    events = queues.get(EVENTS);
    table.start(queues.get(0), queues.get(1));
  }

  @Override
  public void kicked(int queue) {
    if (queue == EVENTS) {
      tellReset();
    } else {
      table.kicked();
    }
  }

  /** A restored guest still knows streams that are gone. virtio 1.2, section 5.10.6.7 */
  private void tellReset() {
    DeviceQueue queue = events;
    synchronized (queue) {
      Chain chain = forgotten ? queue.poll() : null;
      if (chain == null) {
        return;
      }
      byte[] reset = new byte[4]; // VIRTIO_VSOCK_EVENT_TRANSPORT_RESET
      if (chain.writable().copyFrom(MemorySegment.ofArray(reset), 0) < reset.length) {
        throw VirtioException.guest("no room in a buffer for a vsock event");
      }
      forgotten = false;
      queue.complete(chain, reset.length);
      queue.flush();
    }
  }

  @Override
  public void stop() {
    table.stop();
    DeviceQueue queue = events;
    synchronized (queue) {
      events = DeviceQueue.absent();
    }
  }

  @Override
  public void reset() {
    table.reset();
    forgotten = false;
  }

  @Override
  public byte[] state() {
    return new byte[0]; // streams end with a snapshot; the guest is told when it wakes
  }

  @Override
  public void restore(byte[] state) {
    if (state.length != 0) {
      throw new VirtioException(VirtioException.Kind.PEER, "state of a vsock device");
    }
    table.reset();
    forgotten = true;
  }

  @Override
  public void close() {
    table.close();
  }
}
