/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import dev.caisson.vmm.acpi.AcpiTables;
import dev.caisson.vmm.memory.MemoryMap;
import java.lang.foreign.MemorySegment;

/** Writes the hvm_start_info of Xen's PVH protocol. Linux include/xen/interface/hvm/start_info.h */
final class StartInformation {
  private static final int MAGIC = 0x336ec578;
  private static final int VERSION = 1;
  private static final int MODULES = 0x40;
  private static final int MAP = 0x80;
  private static final int MAP_ENTRY = 24;
  private static final int MOST = 0x1000;

  private StartInformation() {}

  static void write(GuestMemory memory, MemoryMap map, Loaded loaded) {
    MemorySegment at = memory.slice(LowMemory.START_INFORMATION, MOST);
    at.fill((byte) 0);
    at.set(LittleEndian.U32, 0, MAGIC);
    at.set(LittleEndian.U32, 4, VERSION);
    if (loaded.initialFilesSize() > 0) {
      at.set(LittleEndian.U32, 12, 1);
      at.set(LittleEndian.U64, 16, LowMemory.START_INFORMATION + MODULES);
      at.set(LittleEndian.U64, MODULES, loaded.initialFiles());
      at.set(LittleEndian.U64, MODULES + 8, loaded.initialFilesSize());
    }
    at.set(LittleEndian.U64, 24, LowMemory.COMMAND_LINE);
    at.set(LittleEndian.U64, 32, AcpiTables.PLACE);
    at.set(LittleEndian.U64, 40, LowMemory.START_INFORMATION + MAP);
    at.set(LittleEndian.U32, 48, map.entries().size());
    long entryAt = MAP;
    for (MemoryMap.Entry entry : map.entries()) {
      at.set(LittleEndian.U64, entryAt, entry.start());
      at.set(LittleEndian.U64, entryAt + 8, entry.size());
      at.set(LittleEndian.U32, entryAt + 16, entry.type());
      entryAt += MAP_ENTRY;
    }
  }
}
