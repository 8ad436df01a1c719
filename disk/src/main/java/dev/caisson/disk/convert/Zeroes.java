/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import java.lang.foreign.MemorySegment;

/** Looks for zeroes, many bytes at a time. */
final class Zeroes {
  private static final int STEP = 1 << 16;
  private static final MemorySegment SAMPLE = MemorySegment.ofArray(new byte[STEP]).asReadOnly();

  private Zeroes() {}

  /** Whether the range holds nothing but zeroes. */
  static boolean only(MemorySegment bytes, long from, long to) {
    for (long at = from; at < to; at += STEP) {
      long end = Math.min(to, at + STEP);
      if (MemorySegment.mismatch(bytes, at, end, SAMPLE, 0, end - at) >= 0) {
        return false;
      }
    }
    return true;
  }
}
