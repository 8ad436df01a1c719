/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import dev.caisson.virtio.queue.QueueLayout;
import dev.caisson.virtio.queue.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A guest that writes rings by hand, right enough to get far and wrong enough to hurt. Its memory
 * lies between two guards whose bytes no device may touch.
 */
final class HostileGuest implements AutoCloseable {
  private static final long MEMORY = 1 << 20;
  private static final long GUARD = 1 << 16;
  private static final long DATA = MEMORY / 2;
  private static final int REQUESTS = 64;
  private static final byte UNTOUCHED = (byte) 0xa5;
  private static final long LONGEST_KICK = 20_000_000_000L;
  private static final long[] LENGTHS = {0, 1, 2, 12, 13, 16, 44, 4096, 65_535, 0xffff_ffffL};

  private final Arena arena = Arena.ofShared();
  private final MemorySegment whole = arena.allocate(MEMORY + 2 * GUARD, 4096);
  private final MemorySegment ram = whole.asSlice(GUARD, MEMORY);
  private final GuestMemory memory = GuestMemory.of(ram);
  private final Random random;
  private final VirtioDevice device;
  private final Function<Random, byte[]> request;
  private final List<QueueLayout> layouts = new ArrayList<>();
  private final long features;
  private List<DeviceQueue> running = List.of();
  private boolean broken;
  private long answers;

  /**
   * @param request something the device may understand, of at most 64 bytes
   */
  HostileGuest(
      VirtioDevice device, boolean packed, Random random, Function<Random, byte[]> request) {
    this.device = device;
    this.random = random;
    this.request = request;
    whole.asSlice(0, GUARD).fill(UNTOUCHED);
    whole.asSlice(GUARD + MEMORY, GUARD).fill(UNTOUCHED);
    long wanted = device.features() & random.nextLong() | Features.VERSION_1;
    wanted |= random.nextBoolean() ? device.features() : 0;
    wanted |= random.nextBoolean() ? Features.INDIRECT_DESCRIPTORS : 0;
    wanted |= random.nextBoolean() ? Features.EVENT_INDEX : 0;
    this.features = packed ? wanted | Features.PACKED_RING : wanted;
    long at = 0;
    for (int most : device.queueSizes()) {
      int size = packed ? 1 + random.nextInt(16) : 1 << random.nextInt(5);
      layouts.add(new QueueLayout(Math.min(size, most), at, at + 1024, at + 2048));
      at += 4096;
    }
  }

  void start() {
    List<DeviceQueue> queues = new ArrayList<>();
    for (QueueLayout layout : layouts) {
      if (random.nextInt(10) > 0) { // now and then the indexes of an earlier life stay
        ram.asSlice(layout.driver(), 4).fill((byte) 0);
        ram.asSlice(layout.device(), 4).fill((byte) 0);
      }
      queues.add(
          random.nextInt(20) == 0
              ? DeviceQueue.absent()
              : new DeviceQueue(
                  VirtQueue.open(memory, layout, features), () -> {}, fault -> broken = true));
    }
    broken = false;
    running = queues;
    device.start(features, queues);
  }

  /** Some moves of the guest; the device may answer, or say that it is broken, and nothing else. */
  void play(int moves) {
    start();
    for (int i = 0; i < moves; i++) {
      int queue = random.nextInt(layouts.size());
      scribble(layouts.get(queue));
      kick(queue);
      if (broken || random.nextInt(30) == 0) {
        device.stop();
        if (random.nextBoolean()) {
          device.reset();
        }
        start();
      }
      if (random.nextInt(10) == 0) {
        configure();
      }
    }
    device.stop();
    assertGuards();
  }

  void kick(int queue) {
    long begin = System.nanoTime();
    try {
      int before = position(queue);
      device.kicked(queue);
      answers += position(queue) == before ? 0 : 1;
    } catch (VirtioException e) {
      assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST);
      assertThat(e.getMessage()).isNotBlank();
      broken = true;
    }
    assertThat(System.nanoTime() - begin).isLessThan(LONGEST_KICK);
  }

  private int position(int queue) {
    return running.get(queue).position().orElse(0);
  }

  /** Kicks after which the device had taken requests and was not broken. */
  long answers() {
    return answers;
  }

  private void configure() {
    var bytes = new byte[random.nextInt(9)];
    random.nextBytes(bytes);
    device.writeConfig(random.nextInt(80) - 5, bytes);
    MemorySegment config = MemorySegment.ofArray(new byte[device.configSize()]);
    device.readConfig(config);
  }

  private void assertGuards() {
    for (long at = 0; at < GUARD; at++) {
      assertThat(whole.get(ValueLayout.JAVA_BYTE, at)).isEqualTo(UNTOUCHED);
      assertThat(whole.get(ValueLayout.JAVA_BYTE, GUARD + MEMORY + at)).isEqualTo(UNTOUCHED);
    }
  }

  /** Writes one queue anew: descriptors, then indexes or flags that offer some of them. */
  void scribble(QueueLayout layout) {
    fillData();
    int size = layout.size();
    boolean decent = random.nextInt(4) > 0;
    int heads = 0;
    for (int i = 0; i < size; ) {
      int links = decent ? Math.min(size - i, 1 + random.nextInt(3)) : 1;
      for (int link = 0; link < links; link++) {
        long at = layout.descriptors() + 16L * (i + link);
        descriptor(at, size, i + link, decent);
        if (decent) {
          shape(at, i, link, links);
        }
      }
      int head = decent ? i : head(size);
      ram.set(LittleEndian.U16, layout.driver() + 4 + 2L * heads++, (short) head);
      i += links;
    }
    for (int i = heads; i < size; i++) {
      ram.set(LittleEndian.U16, layout.driver() + 4 + 2L * i, (short) 0);
    }
    if ((features & Features.PACKED_RING) == 0) {
      short used = ram.get(LittleEndian.U16, layout.device() + 2);
      int ahead = random.nextInt(12) == 0 ? random.nextInt() : random.nextInt(size + 1);
      ram.set(LittleEndian.U16, layout.driver() + 2, (short) (used + ahead));
    }
    ram.set(LittleEndian.U16, layout.driver(), (short) random.nextInt(4));
  }

  /** A chain as drivers make them: bytes, then room, each link naming the next. */
  private void shape(long at, int first, int link, int links) {
    boolean packed = (features & Features.PACKED_RING) != 0;
    long flagsAt = at + (packed ? 14 : 12);
    boolean room = links == 1 ? random.nextBoolean() : link == links - 1;
    int kept = ram.get(LittleEndian.U16, flagsAt) & 0x8080;
    int flags = kept | (link < links - 1 ? 1 : 0) | (room ? 2 : 0);
    ram.set(LittleEndian.U16, flagsAt, (short) flags);
    ram.set(
        LittleEndian.U16, packed ? at + 12 : at + 14, (short) (packed ? first : first + link + 1));
  }

  private int head(int size) {
    return random.nextInt(40) == 0 ? random.nextInt(0x10000) : random.nextInt(size);
  }

  private void descriptor(long at, int size, int index, boolean decent) {
    boolean wild = random.nextInt(decent ? 200 : 15) == 0;
    long address = wild ? random.nextLong() : DATA + random.nextInt((int) (MEMORY - DATA));
    address = random.nextInt(3) > 0 ? requestAt(random.nextInt(REQUESTS)) : address;
    long length =
        random.nextInt(decent ? 100 : 6) == 0
            ? LENGTHS[random.nextInt(LENGTHS.length)]
            : 1 + random.nextInt(random.nextBoolean() ? 64 : 8192);
    int flags = random.nextInt(4);
    if (!decent && random.nextInt(8) == 0) {
      flags |= 4;
      address = DATA + 16L * random.nextInt(64);
      length = 16L * random.nextInt(8);
    }
    ram.set(LittleEndian.U64, at, address);
    ram.set(LittleEndian.U32, at + 8, (int) length);
    if ((features & Features.PACKED_RING) != 0) {
      boolean available = random.nextInt(5) > 0;
      flags |= available ? random.nextBoolean() ? 1 << 7 : 1 << 15 : random.nextInt(0x10000);
      ram.set(LittleEndian.U16, at + 12, (short) index);
      ram.set(LittleEndian.U16, at + 14, (short) flags);
    } else {
      ram.set(LittleEndian.U16, at + 12, (short) flags);
      ram.set(LittleEndian.U16, at + 14, (short) head(size));
    }
  }

  private static long requestAt(int number) {
    return DATA + 4096 + 64L * number;
  }

  /** Requests that look like some device's, tables for indirect descriptors among them. */
  private void fillData() {
    for (int i = 0; i < 64; i++) {
      descriptor(DATA + 16L * i, 64, i, false);
    }
    for (int i = 0; i < REQUESTS; i++) {
      byte[] bytes = request.apply(random);
      MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, requestAt(i), bytes.length);
    }
  }

  /** Changes bytes of rings and data until told otherwise, as another vCPU could. */
  void meddle(Random own, BooleanSupplier stop) {
    while (!stop.getAsBoolean()) {
      long rings = 4096L * layouts.size();
      long at = own.nextInt(3) == 0 ? DATA + own.nextInt(4096) : own.nextLong(rings);
      ram.set(ValueLayout.JAVA_BYTE, at, (byte) own.nextInt());
    }
  }

  @Override
  public void close() {
    device.close();
    arena.close();
  }
}
