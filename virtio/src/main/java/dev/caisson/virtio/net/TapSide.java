/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.device.Ioctl;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Readiness;
import dev.caisson.linux.io.ScatteredIo;
import dev.caisson.linux.process.ThreadEnd;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.queue.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The host's kernel as the other side, through a tap. One thread per queue waits for frames while
 * the driver is ready. Documentation/networking/tuntap.rst
 */
public final class TapSide implements NetworkSide {
  private static final System.Logger LOG = System.getLogger(TapSide.class.getName());
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNGETIFF = 0x800454d2L;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final int INTERFACE_REQUEST = 40; // struct ifreq
  private static final int TAP = 0x0002;
  private static final int NO_PACKET_INFORMATION = 0x1000;
  private static final int SEVERAL_QUEUES = 0x0100;
  private static final int VIRTIO_HEADER = 0x4000;
  private static final int NEEDED = TAP | NO_PACKET_INFORMATION | VIRTIO_HEADER;
  private static final int OFFLOAD_CHECKSUM = 1;
  private static final int OFFLOAD_TSO4 = 2;
  private static final int OFFLOAD_TSO6 = 4;
  private static final int ANY_MTU = 65_535;
  private static final int BURST = 64;

  private final List<Lane> lanes;
  private final AtomicLong unsent = new AtomicLong();

  /**
   * @param taps one for each pair of the device's queues, opened with IFF_TAP, IFF_NO_PI and
   *     IFF_VNET_HDR; owned from now on
   * @throws IllegalArgumentException when one was opened otherwise
   */
  public TapSide(List<Fd> taps) {
    taps.forEach(TapSide::prepare);
    this.lanes = taps.stream().map(Lane::new).toList();
  }

  /**
   * Opens a queue of a tap in the network namespace of the calling thread; one that does not exist
   * is made, and goes with its last descriptor.
   *
   * @param several whether the tap has, or gets, more than one queue
   */
  public static Fd open(String name, boolean several) {
    Fd device = Directory.openFile(Path.of("/dev/net/tun"), 0, OpenFlag.READ_WRITE);
    try {
      ByteBuffer request = ByteBuffer.allocate(INTERFACE_REQUEST).order(ByteOrder.LITTLE_ENDIAN);
      request.put(0, name.getBytes(StandardCharsets.US_ASCII));
      request.putShort(16, (short) (NEEDED | (several ? SEVERAL_QUEUES : 0)));
      Ioctl.exchanged("TUNSETIFF " + name, device, TUNSETIFF, request.array());
      return device;
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  private static void prepare(Fd tap) {
    byte[] request = Ioctl.exchanged("TUNGETIFF", tap, TUNGETIFF, new byte[INTERFACE_REQUEST]);
    int flags = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getShort(16);
    if ((flags & NEEDED) != NEEDED) {
      throw new IllegalArgumentException(
          "tap with flags 0x%x: open it with IFF_TAP, IFF_NO_PI and IFF_VNET_HDR"
              .formatted(flags & 0xffff));
    }
    byte[] size = {Frame.HEADER, 0, 0, 0};
    Ioctl.exchanged("TUNSETVNETHDRSZ", tap, TUNSETVNETHDRSZ, size);
    new Channel(tap).nonBlocking();
  }

  @Override
  public long offloads() {
    return NetFeatures.OFFLOADS;
  }

  /** Frames of the guest that the kernel refused. */
  public long unsent() {
    return unsent.get();
  }

  @Override
  public void start(long features, FramePort port) {
    int offloads = 0;
    if (Features.has(features, NetFeatures.GUEST_CHECKSUM)) {
      offloads = OFFLOAD_CHECKSUM;
      offloads |= Features.has(features, NetFeatures.GUEST_TSO4) ? OFFLOAD_TSO4 : 0;
      offloads |= Features.has(features, NetFeatures.GUEST_TSO6) ? OFFLOAD_TSO6 : 0;
    }
    for (int i = 0; i < lanes.size(); i++) {
      Ioctl.checked("TUNSETOFFLOAD", lanes.get(i).tap, TUNSETOFFLOAD, offloads);
      lanes.get(i).start(port, i);
    }
  }

  @Override
  public Verdict send(Frame frame, int number) {
    Lane lane = lanes.get(number % lanes.size());
    if (!lane.send(frame)) {
      unsent.incrementAndGet(); // full, down, or a frame the kernel does not take
    }
    return Verdict.DONE;
  }

  @Override
  public void flush(int lane) {}

  @Override
  public void stop() {
    lanes.forEach(Lane::stop);
  }

  @Override
  public void close() {
    stop();
    lanes.forEach(lane -> lane.tap.close());
  }

  /** One queue of the tap. */
  private static final class Lane {
    private final Fd tap;
    private final MemorySegment[] parts = new MemorySegment[ScatteredIo.MOST_PARTS];
    private final Frame frame = new Frame();
    private final MemorySegment[] room = {Arena.ofAuto().allocate(Frame.LONGEST, 8)};
    private @Nullable Receiver receiver;

    Lane(Fd tap) {
      this.tap = tap;
    }

    void start(FramePort port, int number) {
      receiver = new Receiver(this, port, number);
      receiver.thread.start();
    }

    void stop() {
      Receiver running = receiver;
      if (running != null) {
        running.close();
        receiver = null;
      }
    }

    /** Pairs of the device share a queue of the tap when there are more of them. */
    synchronized boolean send(Frame sent) {
      int count = sent.parts(parts);
      return count > 0 && ScatteredIo.write(tap, parts, count) >= 0;
    }

    /** The next frame, or null when there is none yet. */
    @Nullable Frame next() {
      long count = ScatteredIo.read(tap, room, 1);
      if (count == -Errno.EAGAIN.number() || count == -Errno.EINTR.number()) {
        return null;
      }
      if (count < 0) {
        throw new IllegalStateException("tap: " + Errno.of((int) -count));
      }
      boolean whole = frame.begin(Buffers.of(room[0].asSlice(0, count)));
      return whole && frame.admit(NetFeatures.OFFLOADS, ANY_MTU) ? frame : null;
    }
  }

  /** Waits for frames of one queue. */
  private static final class Receiver implements AutoCloseable {
    private final Lane lane;
    private final FramePort port;
    private final int number;
    private final EventCounter stop = EventCounter.create();
    private final EventCounter roomCame = EventCounter.create();
    private final Thread thread;
    private boolean ended;

    Receiver(Lane lane, FramePort port, int number) {
      this.lane = lane;
      this.port = port;
      this.number = number;
      this.thread = Thread.ofPlatform().name("tap queue " + number).daemon().unstarted(this::run);
    }

    private void run() {
      try {
        while (!Readiness.readable(-1, stop.fd(), lane.tap).get(0)) {
          boolean more = true;
          for (int i = 0; i < BURST && more; i++) {
            Frame frame = lane.next();
            more = frame != null && deliver(frame);
          }
          port.flush(number);
        }
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "{0} ended: {1}", thread.getName(), e.getMessage());
      }
    }

    /** Answers false when it is time to stop. */
    private boolean deliver(Frame frame) {
      while (port.receive(frame, number, this::wake) == FramePort.Outcome.FULL) {
        port.flush(number);
        if (Readiness.readable(-1, stop.fd(), roomCame.fd()).get(0)) {
          return false;
        }
        roomCame.take();
      }
      return true;
    }

    /** Comes from threads that learnt of the wish to be woken, and may do so after the end. */
    private synchronized void wake() {
      if (!ended) {
        roomCame.signal();
      }
    }

    @Override
    public void close() {
      stop.signal();
      ThreadEnd.await(thread);
      stop.close();
      synchronized (this) {
        ended = true;
        roomCame.close();
      }
    }
  }
}
