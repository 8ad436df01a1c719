/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells programs that need no other file to run. elf(5) */
final class StaticProgram {
  private static final int ELF_MAGIC = 0x7f454c46;
  private static final int PT_INTERP = 3;
  private static final int HEADERS_READ = 4096;

  private StaticProgram() {}

  /** Whether {@code file} is a 64-bit ELF program without an interpreter. */
  static boolean is(Path file) {
    try (var in = Files.newInputStream(file)) {
      var header = ByteBuffer.wrap(in.readNBytes(HEADERS_READ)).order(ByteOrder.LITTLE_ENDIAN);
      return header.capacity() >= 64
          && Integer.reverseBytes(header.getInt(0)) == ELF_MAGIC
          && header.get(4) == 2
          && !hasInterpreter(header);
    } catch (IOException _) {
      return false;
    }
  }

  private static boolean hasInterpreter(ByteBuffer header) {
    long start = header.getLong(32);
    int size = Short.toUnsignedInt(header.getShort(54));
    int count = Short.toUnsignedInt(header.getShort(56));
    for (long i = 0, at = start; i < count; i++, at += size) {
      if (at < 0 || at + 4 > header.capacity()) {
        return true; // too odd to trust
      }
      if (header.getInt((int) at) == PT_INTERP) {
        return true;
      }
    }
    return false;
  }
}
