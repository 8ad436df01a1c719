/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Arrays of struct iovec. readv(2) */
public final class Vectors {
  /** The most parts one call takes, UIO_MAXIOV. */
  public static final int MOST = 1024;

  private static final int SIZE = 16;

  private Vectors() {}

  /** Addresses and lengths of the first {@code count} parts. */
  public static MemorySegment of(Scratch scratch, MemorySegment[] parts, int count) {
    MemorySegment vectors = scratch.allocate((long) SIZE * count, 8);
    for (int i = 0; i < count; i++) {
      vectors.setAtIndex(ValueLayout.JAVA_LONG, 2L * i, parts[i].address());
      vectors.setAtIndex(ValueLayout.JAVA_LONG, 2L * i + 1, parts[i].byteSize());
    }
    return vectors;
  }
}
