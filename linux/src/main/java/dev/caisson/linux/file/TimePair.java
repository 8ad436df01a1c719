/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.call.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The two struct timespec that utimensat(2) takes: last access, last modification. */
final class TimePair {
  private static final long UTIME_OMIT = (1L << 30) - 2;

  private TimePair() {}

  static MemorySegment encode(
      Scratch scratch, @Nullable FileTime accessed, @Nullable FileTime modified) {
    MemorySegment pair = scratch.allocate(32, 8);
    put(pair, 0, accessed);
    put(pair, 16, modified);
    return pair;
  }

  private static void put(MemorySegment pair, long offset, @Nullable FileTime time) {
    pair.set(ValueLayout.JAVA_LONG, offset, time == null ? 0 : time.seconds());
    pair.set(ValueLayout.JAVA_LONG, offset + 8, time == null ? UTIME_OMIT : time.nanos());
  }
}
