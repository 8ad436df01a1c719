/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A name in a directory. getdents64(2)
 *
 * @param type empty when the file system does not say
 */
public record DirectoryEntry(String name, long inode, Optional<FileType> type) {
  private static final int BUFFER = 12 << 10; // fits the thread's scratch memory
  private static final int NAME_OFFSET = 19; // struct linux_dirent64, include/linux/dirent.h
  private static final int TYPE_SHIFT = 12; // DT_x is the mode's type shifted. dirent.h, IFTODT

  /**
   * All names in the directory but "." and "..", in the file system's order.
   *
   * @param directory opened for reading, not by path only
   */
  public static List<DirectoryEntry> list(Fd directory) {
    var entries = new ArrayList<DirectoryEntry>();
    Downcall.checked("lseek", directory, SystemCall.LSEEK, directory.number(), 0, 0);
    try (Scratch scratch = Scratch.open()) {
      MemorySegment buffer = scratch.allocate(BUFFER, 8);
      while (true) {
        long length =
            Downcall.checked(
                "getdents64",
                directory,
                SystemCall.GETDENTS64,
                directory.number(),
                buffer.address(),
                BUFFER);
        if (length == 0) {
          return entries;
        }
        parse(buffer.asSlice(0, length), entries);
      }
    }
  }

  private static void parse(MemorySegment records, List<DirectoryEntry> entries) {
    long position = 0;
    while (position < records.byteSize()) {
      int length = Short.toUnsignedInt(records.get(ValueLayout.JAVA_SHORT, position + 16));
      var name = records.getString(position + NAME_OFFSET, StandardCharsets.UTF_8);
      if (!name.equals(".") && !name.equals("..")) {
        entries.add(
            new DirectoryEntry(
                name,
                records.get(ValueLayout.JAVA_LONG, position),
                type(records.get(ValueLayout.JAVA_BYTE, position + 18))));
      }
      position += length;
    }
  }

  private static Optional<FileType> type(byte kind) {
    return kind == 0 ? Optional.empty() : Optional.of(FileType.ofMode(kind << TYPE_SHIFT));
  }
}
