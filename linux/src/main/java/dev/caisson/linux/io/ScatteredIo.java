/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import dev.caisson.linux.call.Vectors;
import java.lang.foreign.MemorySegment;

/**
 * Reads and writes of scattered native memory, for devices where one call is one packet. Answers as
 * the kernel does: a count, or minus errno. The caller keeps the memory alive meanwhile.
 */
public final class ScatteredIo {
  /** The most parts one call takes. */
  public static final int MOST_PARTS = Vectors.MOST;

  private ScatteredIo() {}

  /** readv(2) into the first {@code count} parts. */
  public static long read(Fd fd, MemorySegment[] parts, int count) {
    return transfer(SystemCall.READV, fd, parts, count);
  }

  /** writev(2) from the first {@code count} parts. */
  public static long write(Fd fd, MemorySegment[] parts, int count) {
    return transfer(SystemCall.WRITEV, fd, parts, count);
  }

  private static long transfer(long call, Fd fd, MemorySegment[] parts, int count) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment vectors = Vectors.of(scratch, parts, count);
      return Downcall.attempt(call, fd.number(), vectors.address(), count);
    }
  }
}
