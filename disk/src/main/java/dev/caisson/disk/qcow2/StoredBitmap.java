/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DirtyBitmap;

/** One persistent bitmap in memory: bit n is bit n % 8 of byte n / 8. */
final class StoredBitmap implements DirtyBitmap {
  private final BitmapDirectory.Entry entry;
  private final byte[] bits;
  private final long size;
  private boolean changed;

  StoredBitmap(BitmapDirectory.Entry entry, byte[] bits, long size) {
    this.entry = entry;
    this.bits = bits;
    this.size = size;
  }

  BitmapDirectory.Entry entry() {
    return entry;
  }

  byte[] bits() {
    return bits;
  }

  boolean changed() {
    return changed;
  }

  synchronized void set(long offset, long length) {
    long last = (offset + length - 1) >>> entry.granularityBits();
    for (long bit = offset >>> entry.granularityBits(); bit <= last; bit++) {
      bits[(int) (bit >>> 3)] |= (byte) (1 << (bit & 7));
    }
    changed = true;
  }

  @Override
  public String name() {
    return entry.name();
  }

  @Override
  public long granularity() {
    return 1L << entry.granularityBits();
  }

  @Override
  public boolean recording() {
    return entry.is(BitmapDirectory.AUTO);
  }

  @Override
  public boolean inconsistent() {
    return entry.is(BitmapDirectory.IN_USE);
  }

  @Override
  public synchronized boolean dirty(long offset) {
    long bit = offset >>> entry.granularityBits();
    return (bits[(int) (bit >>> 3)] >>> (bit & 7) & 1) != 0;
  }

  @Override
  public long runEnd(long offset, long limit) {
    long end = Math.min(limit, size);
    boolean state = dirty(offset);
    long at = (offset & -granularity()) + granularity();
    while (at < end && dirty(at) == state) {
      at += granularity();
    }
    return Math.min(at, end);
  }
}
