/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.bitmap;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.qcow2.image.BitmapDirectory;
import java.util.Arrays;

/** One persistent bitmap in memory: bit n is bit n % 8 of byte n / 8. */
final class StoredBitmap implements DirtyBitmap {
  private BitmapDirectory.Entry entry;
  private byte[] bits;
  private long size;
  private boolean changed;

  StoredBitmap(BitmapDirectory.Entry entry, byte[] bits, long size) {
    this.entry = entry;
    this.bits = bits;
    this.size = size;
  }

  /** Bytes of heap, and of the file, that the bits of a disk of {@code size} bytes take. */
  static long bytesFor(long size, int granularityBits) {
    return size == 0 ? 0 : (((size - 1) >>> granularityBits) + 8) >>> 3;
  }

  synchronized BitmapDirectory.Entry entry() {
    return entry;
  }

  synchronized void moved(BitmapDirectory.Entry place) {
    entry = place;
  }

  /** Follows the disk: what is cut off is forgotten, and what is new was not changed. */
  synchronized void resize(long newSize) {
    long kept = Math.min(size, newSize);
    bits = Arrays.copyOf(bits, (int) bytesFor(newSize, entry.granularityBits()));
    long end = kept == 0 ? 0 : ((kept - 1) >>> entry.granularityBits()) + 1;
    for (long bit = end; bit < Math.min(bits.length * 8L, (end + 7) & -8); bit++) {
      bits[(int) (bit >>> 3)] &= (byte) ~(1 << (bit & 7));
    }
    size = newSize;
    changed = true;
  }

  synchronized byte[] bits() {
    return bits;
  }

  synchronized boolean changed() {
    return changed;
  }

  synchronized void set(long offset, long length) {
    long last = (offset + length - 1) >>> entry.granularityBits();
    for (long bit = offset >>> entry.granularityBits(); bit <= last; bit++) {
      bits[(int) (bit >>> 3)] |= (byte) (1 << (bit & 7));
    }
    changed = true;
  }

  synchronized void clear() {
    Arrays.fill(bits, (byte) 0);
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
  public synchronized long runEnd(long offset, long limit) {
    long end = Math.min(limit, size);
    boolean state = dirty(offset);
    long at = (offset & -granularity()) + granularity();
    while (at < end && dirty(at) == state) {
      at += granularity();
    }
    return Math.min(at, end);
  }
}
