/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * What of the guest's address space is memory, as it is told to the kernel.
 *
 * @param entries sorted, without overlap
 */
public record MemoryMap(List<Entry> entries) {
  /** Free for the kernel to use. */
  public static final int USABLE = 1;

  public static final int RESERVED = 2;

  /** Where the first megabyte's firmware area begins: our tables are there. */
  public static final long FIRMWARE_START = 0x9_f000L;

  public static final long FIRMWARE_END = 0x10_0000L;

  /**
   * @param start guest physical address
   * @param size bytes
   * @param type {@link #USABLE} or {@link #RESERVED}
   */
  public record Entry(long start, long size, int type) {}

  public MemoryMap {
    entries = List.copyOf(entries);
  }

  public static MemoryMap of(MachineMemory memory) {
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry(0, FIRMWARE_START, USABLE));
    entries.add(new Entry(FIRMWARE_START, FIRMWARE_END - FIRMWARE_START, RESERVED));
    entries.add(new Entry(FIRMWARE_END, memory.lowEnd() - FIRMWARE_END, USABLE));
    if (memory.highSize() > 0) {
      entries.add(new Entry(MachineMemory.HOLE_END, memory.highSize(), USABLE));
    }
    return new MemoryMap(entries);
  }
}
