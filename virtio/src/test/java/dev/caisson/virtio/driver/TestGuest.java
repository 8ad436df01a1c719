/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.driver;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A guest as a device sees it: memory, and a well-behaved driver for each queue. */
public final class TestGuest implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment ram;
  private final GuestMemory memory;
  private final boolean packed;
  private final List<TestDriver> drivers = new ArrayList<>();
  private long next = 4096;

  public TestGuest(long size, boolean packed) {
    this(Arena.ofShared(), size, packed);
  }

  private TestGuest(Arena arena, long size, boolean packed) {
    this(arena, arena.allocate(size, 4096), packed);
  }

  /** A guest in memory that somebody else owns. */
  public TestGuest(MemorySegment ram, boolean packed) {
    this(Arena.ofShared(), ram, packed);
  }

  private TestGuest(Arena arena, MemorySegment ram, boolean packed) {
    this.arena = arena;
    this.ram = ram;
    this.memory = GuestMemory.of(ram);
    this.packed = packed;
  }

  public MemorySegment ram() {
    return ram;
  }

  public GuestMemory memory() {
    return memory;
  }

  /** Guest physical address of fresh memory. */
  public long allocate(long size) {
    long at = (next + 63) & -64;
    if (size > ram.byteSize() - at) {
      throw new IllegalStateException("the test guest's memory is used up");
    }
    next = at + size;
    return at;
  }

  /** A driver with its ring. */
  public TestDriver queue(int size, long features) {
    long all = features | Features.VERSION_1 | (packed ? Features.PACKED_RING : 0);
    var driver = new TestDriver(this, size, all);
    drivers.add(driver);
    return driver;
  }

  /** Starts a device with all its queues, of at most {@code size} descriptors. */
  public List<TestDriver> start(VirtioDevice device, long features, int size) {
    drivers.clear();
    long all = features | Features.VERSION_1 | (packed ? Features.PACKED_RING : 0);
    for (int most : device.queueSizes()) {
      queue(Math.min(size, most), features);
    }
    device.start(all, queues());
    return List.copyOf(drivers);
  }

  private List<DeviceQueue> queues() {
    return drivers.stream().map(TestDriver::deviceQueue).toList();
  }

  @Override
  public void close() {
    arena.close();
  }
}
