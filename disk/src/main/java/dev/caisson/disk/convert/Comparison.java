/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.storage.PageBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/** Looks for the first difference of two disks; where one is longer, its rest counts as zeroes. */
public final class Comparison {
  private static final int PIECE = 1 << 20;

  private final Disk left;
  private final Disk right;
  private final ByteBuffer leftBytes = PageBuffer.allocate(PIECE);
  private final ByteBuffer rightBytes = PageBuffer.allocate(PIECE);

  public Comparison(Disk left, Disk right) {
    this.left = left;
    this.right = right;
  }

  /** Offset of the first byte that differs; empty when all are the same. */
  public OptionalLong firstDifference(LongConsumer progress) {
    long end = Math.max(left.size(), right.size());
    for (long at = 0; at < end; ) {
      long run = Math.min(zeroRun(left, at, end), zeroRun(right, at, end));
      if (run > 0) {
        at += run;
        progress.accept(at);
        continue;
      }
      int length = (int) Math.min(PIECE, end - at);
      var one = read(left, at, leftBytes.clear().limit(length));
      var other = read(right, at, rightBytes.clear().limit(length));
      long difference = one.mismatch(other);
      if (difference >= 0) {
        return OptionalLong.of(at + difference);
      }
      at += length;
      progress.accept(at);
    }
    return OptionalLong.empty();
  }

  /**
   * Offset of the first byte that is stored in another way: data, zeroes, or nothing at all; empty
   * when there is none up to where the shorter disk ends.
   */
  public OptionalLong firstOtherAllocation() {
    long end = Math.min(left.size(), right.size());
    for (long at = 0; at < end; ) {
      var one = left.extent(at, end - at);
      var other = right.extent(at, end - at);
      if (one.kind() != other.kind()) {
        return OptionalLong.of(at);
      }
      at += Math.min(one.length(), other.length());
    }
    return OptionalLong.empty();
  }

  private static long zeroRun(Disk disk, long offset, long end) {
    if (offset >= disk.size()) {
      return end - offset;
    }
    var extent = disk.extent(offset, disk.size() - offset);
    return extent.readsAsZero() ? extent.length() : 0;
  }

  private static MemorySegment read(Disk disk, long offset, ByteBuffer into) {
    int limit = into.limit();
    long there = Math.clamp(disk.size() - offset, 0, limit);
    disk.read(offset, into.limit((int) there));
    into.limit(limit);
    MemorySegment.ofBuffer(into).fill((byte) 0);
    return MemorySegment.ofBuffer(into.flip().limit(limit));
  }
}
