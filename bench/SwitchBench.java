/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.ScatteredIo;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.NetFeatures;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.net.TapSide;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import dev.caisson.virtio.queue.QueueLayout;
import dev.caisson.virtio.queue.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/** Queues and switch alone, and two taps on a bridge of the kernel, for bench/switch. */
public final class SwitchBench {
  private static final MacAddress A = MacAddress.parse("02:00:00:00:00:0a");
  private static final MacAddress B = MacAddress.parse("02:00:00:00:00:0b");
  private static final int SIZE = 256;
  private static final int BATCH = 64;
  private static final int HEADER = 12;
  private static final long WARM_UP = 1_000_000_000L;
  private static final long MEASURE = 500_000_000L;
  private static final int ROUNDS = 5;

  private SwitchBench() {}

  /** A guest whose driver offers the same buffers again and again. */
  private static final class Ring {
    final MemorySegment ram;
    final QueueLayout layout;
    final DeviceQueue queue;
    short offered;

    Ring(
        MemorySegment ram,
        GuestMemory memory,
        long at,
        long features,
        long buffers,
        int size,
        int flags) {
      this.ram = ram;
      this.layout = new QueueLayout(SIZE, at, at + 16L * SIZE, at + 32L * SIZE);
      for (int i = 0; i < SIZE; i++) {
        ram.set(LittleEndian.U64, at + 16L * i, buffers + (long) size * i);
        ram.set(LittleEndian.U32, at + 16L * i + 8, size);
        ram.set(LittleEndian.U16, at + 16L * i + 12, (short) flags);
        ram.set(LittleEndian.U16, layout.driver() + 4 + 2L * i, (short) i);
      }
      ram.set(LittleEndian.U16, layout.driver(), (short) 1); // no interrupts: we look ourselves
      this.queue =
          new DeviceQueue(
              VirtQueue.open(memory, layout, features),
              () -> {},
              fault -> {
                throw fault;
              });
    }

    void offer(int count) {
      offered += (short) count;
      ram.set(LittleEndian.U16, layout.driver() + 2, offered);
    }

    /** Buffers the device has given back of those offered. */
    int free() {
      int out =
          Short.toUnsignedInt((short) (offered - ram.get(LittleEndian.U16, layout.device() + 2)));
      return SIZE - out;
    }
  }

  private static final class Guest {
    final Ring input;
    final Ring output;
    final NetDevice device;

    Guest(Switch net, MacAddress own, MacAddress other, int frame, int buffer) {
      long features = NetFeatures.OFFLOADS | 1L << 15 | Features.VERSION_1;
      long outputs = 64 << 10;
      long inputs = outputs + (long) SIZE * 65_600;
      MemorySegment ram = Arena.ofShared().allocate(inputs + (long) SIZE * 65_600, 1 << 21);
      GuestMemory memory = GuestMemory.of(ram);
      input = new Ring(ram, memory, 0, features, inputs, buffer, 2);
      output = new Ring(ram, memory, 32 << 10, features, outputs, HEADER + frame, 0);
      for (int i = 0; i < SIZE; i++) {
        byte[] bytes = frame(own, other, frame);
        MemorySegment.copy(
            bytes, 0, ram, LittleEndian.U8, outputs + (long) (HEADER + frame) * i, bytes.length);
      }
      device = new NetDevice(own, 1500, 1, net.port(own, Set.of()));
      device.start(features, List.of(input.queue, output.queue));
    }
  }

  /** With its virtio header; above 1514 bytes a TCP segment that asks to be cut. */
  private static byte[] frame(MacAddress from, MacAddress to, int size) {
    var bytes = new byte[HEADER + size];
    System.arraycopy(to.toBytes(), 0, bytes, HEADER, 6);
    System.arraycopy(from.toBytes(), 0, bytes, HEADER + 6, 6);
    bytes[HEADER + 12] = (byte) 0x88; // an EtherType no packet filter looks into
    bytes[HEADER + 13] = (byte) 0xb5;
    if (size > 1514) {
      bytes[HEADER + 12] = 8;
      bytes[HEADER + 13] = 0;
      bytes[HEADER + 14] = 0x45;
      byte[] header = {1, 1, 54, 0, (byte) 0xa8, 5, 34, 0, 16, 0, 0, 0};
      System.arraycopy(header, 0, bytes, 0, HEADER);
    }
    return bytes;
  }

  /** Sends from one guest to the other on one thread; answers frames. */
  private static LongSupplier throughSwitch(int frame) {
    var net = new Switch("bench");
    int buffer = frame > 1514 ? 4096 : 2048;
    int perFrame = (HEADER + frame + buffer - 1) / buffer;
    var a = new Guest(net, A, B, frame, buffer);
    var b = new Guest(net, B, A, frame, buffer);
    int batch = Math.min(BATCH, SIZE / perFrame);
    b.input.offer(SIZE);
    return () -> {
      a.output.offer(batch);
      a.device.kicked(1);
      b.input.offer(b.input.free());
      return batch;
    };
  }

  /** The two system calls every VMM makes for a frame over taps; answers frames. */
  private static LongSupplier throughBridge(Fd from, Fd to, int frame) {
    byte[] bytes = frame(A, B, frame);
    MemorySegment out = Arena.ofShared().allocate(bytes.length, 8);
    out.copyFrom(MemorySegment.ofArray(bytes));
    // Taps have a header of 10 bytes until told otherwise: the last two are not sent.
    MemorySegment.copy(out, HEADER, out, 10, bytes.length - HEADER);
    MemorySegment[] parts = {out.asSlice(0, bytes.length - 2)};
    MemorySegment[] room = {Arena.ofShared().allocate(70_000, 8)};
    return () -> {
      long arrived = 0;
      for (int i = 0; i < BATCH; i++) {
        ScatteredIo.write(from, parts, 1);
      }
      while (ScatteredIo.read(to, room, 1) != -Errno.EAGAIN.number()) {
        arrived++;
      }
      return arrived;
    };
  }

  private static LongSupplier queueAlone(boolean packed) {
    long features = Features.VERSION_1 | (packed ? Features.PACKED_RING : 0);
    MemorySegment ram = Arena.ofShared().allocate(1 << 20, 4096);
    GuestMemory memory = GuestMemory.of(ram);
    if (!packed) {
      var ring = new Ring(ram, memory, 0, features, 64 << 10, 2048, 2);
      return () -> {
        ring.offer(SIZE);
        for (Chain chain = ring.queue.poll(); chain != null; chain = ring.queue.poll()) {
          ring.queue.complete(chain, 0);
        }
        return SIZE;
      };
    }
    VirtQueue queue = VirtQueue.open(memory, new QueueLayout(SIZE, 0, 8192, 8196), features);
    boolean[] wrap = {true};
    return () -> {
      for (int i = 0; i < SIZE; i++) {
        ram.set(LittleEndian.U64, 16L * i, 65536 + 2048L * i);
        ram.set(LittleEndian.U32, 16L * i + 8, 2048);
        ram.set(LittleEndian.U16, 16L * i + 12, (short) i);
        ram.set(LittleEndian.U16, 16L * i + 14, (short) (2 | (wrap[0] ? 1 << 7 : 1 << 15)));
      }
      wrap[0] = !wrap[0];
      for (Chain chain = queue.poll(); chain != null; chain = queue.poll()) {
        queue.complete(chain, 0);
      }
      return SIZE;
    };
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** Of this thread's CPU time, so that neighbours on the machine do not count. */
  private static double perSecond(LongSupplier work, long nanos) {
    long begin = cpuNanos();
    long done = 0;
    long now = begin;
    while (now - begin < nanos) {
      for (int i = 0; i < 100; i++) {
        done += work.getAsLong();
      }
      now = cpuNanos();
    }
    return done * 1e9 / (now - begin);
  }

  private static void measure(String name, int bytes, LongSupplier work) {
    perSecond(work, WARM_UP);
    var results = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      results[i] = perSecond(work, MEASURE);
    }
    Arrays.sort(results);
    double median = results[ROUNDS / 2];
    String rate = bytes == 0 ? "" : "%8.2f Gbit/s".formatted(median * bytes * 8 / 1e9);
    System.out.printf(
        "%-28s %12.0f /s  %7.0f ns  (%.0f to %.0f) %s%n",
        name, median, 1e9 / median, results[0], results[ROUNDS - 1], rate);
  }

  /** Takes nothing, or "bridge" where taps called bencha and benchb can be made and are bridged. */
  public static void main(String[] arguments) {
    if (arguments.length > 0) {
      Fd from = TapSide.open("bencha", false);
      Fd to = TapSide.open("benchb", false);
      new Channel(to).nonBlocking();
      for (int size : new int[] {64, 1514}) {
        measure("tap and bridge, " + size + " bytes", size, throughBridge(from, to, size));
      }
      return;
    }
    measure("split queue, a request", 0, queueAlone(false));
    measure("packed queue, a request", 0, queueAlone(true));
    for (int size : new int[] {64, 1514, 65_000}) {
      measure("switch, " + size + " bytes", size, throughSwitch(size));
    }
  }
}
