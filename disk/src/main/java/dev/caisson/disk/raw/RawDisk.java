/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.raw;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;

/** A file that is the disk, byte for byte; its holes are the disk's zeroes. */
public final class RawDisk implements Disk, Sparse, Resizable {
  private static final Stored NONE = new Stored(0, 0);

  private final Storage storage;
  private volatile long size;

  /**
   * Bytes last found to be stored. Asking a file system again costs it a walk over all of them, for
   * each piece of a copy; what became a hole since then is no more than read needlessly.
   */
  private volatile Stored stored = NONE;

  private record Stored(long from, long to) {}

  private RawDisk(Storage storage, long size) {
    this.storage = storage;
    this.size = size;
  }

  /** Takes the storage over: closing the disk closes it. */
  public static RawDisk open(Storage storage) {
    return new RawDisk(storage, storage.size());
  }

  /** Makes the storage a disk of {@code size} zero bytes. */
  public static RawDisk create(Storage storage, long size) {
    Range.check(storage.name(), 0, 0, size);
    storage.truncate(0);
    storage.truncate(size);
    return new RawDisk(storage, size);
  }

  /** Where the bytes are, for copies inside the kernel. */
  public Storage storage() {
    return storage;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean writable() {
    return storage.writable();
  }

  @Override
  public String format() {
    return "raw";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(storage.name(), offset, target.remaining(), size);
    storage.read(offset, target);
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    checkWrite(offset, source.remaining());
    storage.write(offset, source);
  }

  @Override
  public void flush() {
    if (storage.writable()) {
      storage.flush();
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(storage.name(), offset, length, size);
    long end = offset + length;
    var known = stored;
    if (offset >= known.from && offset < known.to) {
      return data(offset, Math.min(end, known.to));
    }
    long data = Math.min(end, storage.nextData(offset, end));
    if (data > offset) {
      return new Extent(offset, data - offset, Extent.Kind.ZERO, 0, offset);
    }
    long hole = Math.max(offset + 1, storage.nextHole(offset, size));
    stored = new Stored(offset, hole);
    return data(offset, Math.min(end, hole));
  }

  private static Extent data(long offset, long end) {
    return new Extent(offset, end - offset, Extent.Kind.DATA, 0, offset);
  }

  @Override
  public void discard(long offset, long length) {
    writeZeroes(offset, length, true);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayFree) {
    checkWrite(offset, length);
    storage.zero(offset, length);
    stored = NONE;
  }

  @Override
  public void resize(long newSize) {
    checkWrite(0, 0);
    Range.check(storage.name(), 0, 0, newSize);
    storage.truncate(newSize);
    stored = NONE;
    size = newSize;
  }

  @Override
  public void close() {
    storage.close();
  }

  @Override
  public String toString() {
    return storage.name();
  }

  private void checkWrite(long offset, long length) {
    if (!storage.writable()) {
      throw new DiskException(
          DiskException.Kind.READ_ONLY, storage.name() + ": was opened for reading only");
    }
    Range.check(storage.name(), offset, length, size);
  }
}
