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
import java.nio.ByteBuffer;

/**
 * Writes the "zero page" of Linux's own boot protocol, and the page tables its 64-bit entry needs.
 * Documentation/arch/x86/boot.rst and zero-page.rst
 */
final class BootParameters {
  private static final int SIZE = 4096;
  private static final int ROOT_POINTER = 0x70;
  private static final int MAP_COUNT = 0x1e8;
  private static final int SETUP_HEADER = 0x1f1;
  private static final int BOOT_FLAG = 0x1fe;
  private static final int HEADER_LENGTH = 0x201;
  private static final int SIGNATURE = 0x202;
  private static final int VERSION = 0x206;
  private static final int LOADER_TYPE = 0x210;
  private static final int LOAD_FLAGS = 0x211;
  private static final int INITIAL_FILES = 0x218;
  private static final int INITIAL_FILES_SIZE = 0x21c;
  private static final int COMMAND_LINE = 0x228;
  private static final int ALIGNMENT = 0x230;
  private static final int MAP = 0x2d0;
  private static final int MAP_ENTRY = 20;
  private static final int LONGEST_HEADER = 0x290 - SETUP_HEADER;

  private static final int PAGE = 4096;
  private static final int ENTRIES = 512;
  private static final int GIBIBYTES = 4;
  private static final long PRESENT_WRITABLE = 3;
  private static final long LARGE = 0x80;
  private static final long LARGE_PAGE = 2 << 20;

  private BootParameters() {}

  /** For an ELF kernel, which brings no setup header of its own. */
  static void write(GuestMemory memory, MemoryMap map, Loaded loaded) {
    MemorySegment page = cleared(memory);
    page.set(LittleEndian.U16, BOOT_FLAG, (short) 0xaa55);
    page.set(LittleEndian.U32, SIGNATURE, 0x53726448);
    page.set(LittleEndian.U16, VERSION, (short) 0x20f);
    page.set(LittleEndian.U32, ALIGNMENT, 0x100_0000);
    complete(memory, page, map, loaded);
  }

  /** For a bzImage, whose header is handed back to it. */
  static void write(GuestMemory memory, MemoryMap map, Loaded loaded, ByteBuffer image) {
    MemorySegment page = cleared(memory);
    int end = SIGNATURE + Byte.toUnsignedInt(image.get(HEADER_LENGTH));
    int length =
        Math.min(Math.min(end - SETUP_HEADER, LONGEST_HEADER), image.limit() - SETUP_HEADER);
    MemorySegment header = MemorySegment.ofBuffer(image.slice(SETUP_HEADER, length));
    page.asSlice(SETUP_HEADER, length).copyFrom(header);
    complete(memory, page, map, loaded);
  }

  private static MemorySegment cleared(GuestMemory memory) {
    MemorySegment page = memory.slice(LowMemory.BOOT_PARAMETERS, SIZE);
    page.fill((byte) 0);
    return page;
  }

  private static void complete(
      GuestMemory memory, MemorySegment page, MemoryMap map, Loaded loaded) {
    page.set(LittleEndian.U64, ROOT_POINTER, AcpiTables.PLACE);
    page.set(LittleEndian.U8, LOADER_TYPE, (byte) 0xff);
    page.set(LittleEndian.U8, LOAD_FLAGS, (byte) (page.get(LittleEndian.U8, LOAD_FLAGS) | 1));
    page.set(LittleEndian.U32, INITIAL_FILES, (int) loaded.initialFiles());
    page.set(LittleEndian.U32, INITIAL_FILES_SIZE, (int) loaded.initialFilesSize());
    page.set(LittleEndian.U32, COMMAND_LINE, (int) LowMemory.COMMAND_LINE);
    page.set(LittleEndian.U8, MAP_COUNT, (byte) map.entries().size());
    long at = MAP;
    for (MemoryMap.Entry entry : map.entries()) {
      page.set(LittleEndian.U64, at, entry.start());
      page.set(LittleEndian.U64, at + 8, entry.size());
      page.set(LittleEndian.U32, at + 16, entry.type());
      at += MAP_ENTRY;
    }
    identity(memory);
  }

  /** One table of the top level, one of gigabytes, and four of 2 MiB pages. */
  private static void identity(GuestMemory memory) {
    long gigabytes = LowMemory.PAGE_TABLES + PAGE;
    MemorySegment tables = memory.slice(LowMemory.PAGE_TABLES, (2L + GIBIBYTES) * PAGE);
    tables.fill((byte) 0);
    tables.set(LittleEndian.U64, 0, gigabytes | PRESENT_WRITABLE);
    for (int i = 0; i < GIBIBYTES; i++) {
      long table = gigabytes + (1L + i) * PAGE;
      tables.set(LittleEndian.U64, PAGE + 8L * i, table | PRESENT_WRITABLE);
    }
    for (int i = 0; i < GIBIBYTES * ENTRIES; i++) {
      tables.set(LittleEndian.U64, 2L * PAGE + 8L * i, i * LARGE_PAGE | LARGE | PRESENT_WRITABLE);
    }
  }
}
