/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import dev.caisson.vmm.VmmException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * An ELF kernel proven sane: what to load where, and where to enter.
 *
 * @param entry 64-bit entry point, a physical address
 * @param pvhEntry 32-bit entry of the Xen PVH protocol, if the kernel has the note for it
 */
public record ElfKernel(List<Segment> segments, long entry, OptionalLong pvhEntry) {
  private static final String WHAT = "kernel (ELF)";
  private static final int HEADER = 64;
  private static final int PROGRAM_HEADER = 56;
  private static final int MOST_SEGMENTS = 64;
  private static final int LOAD = 1;
  private static final int NOTE = 4;
  private static final int X86_64 = 62;
  private static final int PVH_NOTE = 18; // XEN_ELFNOTE_PHYS32_ENTRY
  private static final int LARGEST_NOTES = 1 << 20;
  private static final long LARGEST_ADDRESS = 1L << 40;

  /**
   * @param offset in the file, bytes
   * @param fileSize bytes in the file
   * @param address guest physical
   * @param memorySize bytes in memory, zeroes behind those of the file
   */
  public record Segment(long offset, long fileSize, long address, long memorySize) {
    public long end() {
      return address + memorySize;
    }
  }

  public ElfKernel {
    segments = List.copyOf(segments);
  }

  /** The end of what is loaded, a guest physical address. */
  public long end() {
    return segments.stream().mapToLong(Segment::end).max().orElseThrow();
  }

  public long start() {
    return segments.stream().mapToLong(Segment::address).min().orElseThrow();
  }

  /**
   * @throws VmmException BAD_IMAGE
   */
  public static ElfKernel parse(FileChannel file) throws IOException {
    ByteBuffer header = read(file, 0, HEADER, "header");
    if (header.getInt(0) != 0x464c457f) {
      throw VmmException.badImage(WHAT, 0, "neither an ELF file nor a bzImage");
    }
    if (header.get(4) != 2 || header.get(5) != 1 || header.getShort(18) != X86_64) {
      throw VmmException.badImage(WHAT, 4, "not for 64-bit little-endian x86");
    }
    long table = header.getLong(32);
    int size = Short.toUnsignedInt(header.getShort(54));
    int count = Short.toUnsignedInt(header.getShort(56));
    if (size != PROGRAM_HEADER || count == 0 || count > MOST_SEGMENTS) {
      throw VmmException.badImage(WHAT, 54, count + " program headers of " + size + " bytes");
    }
    ByteBuffer headers = read(file, table, size * count, "program headers");
    List<Segment> segments = new ArrayList<>();
    OptionalLong pvh = OptionalLong.empty();
    for (int i = 0; i < count; i++) {
      int at = i * size;
      long offset = headers.getLong(at + 8);
      long fileSize = headers.getLong(at + 32);
      if (headers.getInt(at) == LOAD) {
        Segment segment =
            new Segment(offset, fileSize, headers.getLong(at + 24), headers.getLong(at + 40));
        check(segment, file.size(), table + at);
        segments.add(segment);
      } else if (headers.getInt(at) == NOTE && pvh.isEmpty()) {
        if (fileSize < 0 || fileSize > LARGEST_NOTES) {
          throw VmmException.badImage(WHAT, table + at, "notes of " + fileSize + " bytes");
        }
        pvh = pvhEntry(read(file, offset, (int) fileSize, "notes"));
      }
    }
    if (segments.isEmpty()) {
      throw VmmException.badImage(WHAT, table, "nothing to load");
    }
    return new ElfKernel(segments, header.getLong(24), pvh);
  }

  private static void check(Segment segment, long fileLength, long at) {
    boolean inFile =
        segment.offset >= 0
            && segment.fileSize >= 0
            && segment.offset <= fileLength - segment.fileSize;
    boolean inMemory =
        segment.address >= 0
            && segment.address < LARGEST_ADDRESS
            && segment.memorySize >= segment.fileSize
            && segment.memorySize < LARGEST_ADDRESS;
    if (!inFile || !inMemory) {
      throw VmmException.badImage(WHAT, at, "impossible segment " + segment);
    }
  }

  private static OptionalLong pvhEntry(ByteBuffer notes) {
    int at = 0;
    while (notes.limit() - at >= 12) {
      long nameSize = padded(notes.getInt(at));
      long size = padded(notes.getInt(at + 4));
      int type = notes.getInt(at + 8);
      long next = at + 12 + nameSize + size;
      if (next > notes.limit()) {
        break;
      }
      boolean xen = nameSize == 4 && notes.getInt(at + 12) == 0x006e6558; // "Xen"
      if (xen && type == PVH_NOTE && size >= 4) {
        return OptionalLong.of(Integer.toUnsignedLong(notes.getInt(at + 16)));
      }
      at = (int) next;
    }
    return OptionalLong.empty();
  }

  private static long padded(int size) {
    return (Integer.toUnsignedLong(size) + 3) & -4L;
  }

  private static ByteBuffer read(FileChannel file, long offset, int size, String what)
      throws IOException {
    if (offset < 0 || offset > file.size() - size) {
      throw VmmException.badImage(WHAT, offset, "the file ends before its " + what + " do");
    }
    ByteBuffer target = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (target.hasRemaining()) {
      int count = file.read(target, offset + target.position());
      if (count < 0) {
        throw VmmException.badImage(WHAT, offset, "the file ends before its " + what + " do");
      }
    }
    return target.flip().order(ByteOrder.LITTLE_ENDIAN);
  }
}
