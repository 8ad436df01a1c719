/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/** One bit for each {@link #granularity()} bytes of a disk, set where they changed. */
public interface DirtyBitmap {

  /** Unique within the disk. */
  String name();

  /** Bytes for which one bit stands; a power of two, 512 or more. */
  long granularity();

  /** Whether new writes are being recorded. */
  boolean recording();

  /** Whether the bits cannot be trusted: the disk was changed, or not closed, while in use. */
  boolean inconsistent();

  /** Whether the bytes at {@code offset} changed. */
  boolean dirty(long offset);

  /**
   * First offset, at or after {@code offset}, whose state is not that of {@code offset}; or the
   * end.
   */
  long runEnd(long offset, long limit);
}
