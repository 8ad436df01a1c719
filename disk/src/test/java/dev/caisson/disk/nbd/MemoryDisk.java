/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.Sparse;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A disk in an array, with extents of 64 KiB, that can be told to fail or to be slow. */
final class MemoryDisk implements Disk, Sparse, DirtyBitmaps {
  static final int BLOCK = 64 << 10;

  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger reads = new AtomicInteger();
  volatile long failingOffset = -1;
  volatile long delayMillis;

  /** Where that many readers must be at the same time, for any to go on. */
  volatile @Nullable CyclicBarrier meeting;

  private final byte[] bytes;
  private final boolean[] stored;

  MemoryDisk(int size) {
    bytes = new byte[size];
    stored = new boolean[size / BLOCK + 1];
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public String format() {
    return "memory";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    reads.incrementAndGet();
    check(offset, target.remaining());
    target.put(bytes, (int) offset, target.remaining());
  }

  @Override
  public synchronized void write(long offset, ByteBuffer source) {
    check(offset, source.remaining());
    int count = source.remaining();
    source.get(bytes, (int) offset, count);
    mark(offset, count, true);
  }

  private void check(long offset, long length) {
    Range.check("memory", offset, length, bytes.length);
    if (failingOffset >= offset && failingOffset < offset + length) {
      throw new DiskException(DiskException.Kind.IO, "memory: broken at " + failingOffset);
    }
    try {
      Thread.sleep(delayMillis);
      var barrier = meeting;
      if (barrier != null) {
        barrier.await();
      }
    } catch (InterruptedException | BrokenBarrierException stop) {
      throw new IllegalStateException(stop);
    }
  }

  private void mark(long offset, long length, boolean value) {
    if (length > 0) {
      Arrays.fill(stored, (int) (offset / BLOCK), (int) ((offset + length - 1) / BLOCK) + 1, value);
    }
  }

  @Override
  public void flush() {
    flushes.incrementAndGet();
  }

  @Override
  public synchronized Extent extent(long offset, long length) {
    Range.check("memory", offset, length, bytes.length);
    int block = (int) (offset / BLOCK);
    long end = Math.min(offset + length, (block + 1L) * BLOCK);
    var kind = stored[block] ? Extent.Kind.DATA : Extent.Kind.HOLE;
    return new Extent(offset, end - offset, kind, 0, -1);
  }

  @Override
  public synchronized void discard(long offset, long length) {
    writeZeroes(offset, length, true);
  }

  @Override
  public synchronized void writeZeroes(long offset, long length, boolean mayFree) {
    check(offset, length);
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    if (!mayFree) {
      mark(offset, length, true);
      return;
    }
    long first = (offset + BLOCK - 1) / BLOCK * BLOCK;
    long last = (offset + length) / BLOCK * BLOCK;
    if (first < last) {
      mark(first, last - first, false);
    }
  }

  @Override
  public List<DirtyBitmap> dirtyBitmaps() {
    return List.of(new EveryOtherBlock());
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  /** Odd blocks are dirty. */
  private static final class EveryOtherBlock implements DirtyBitmap {
    @Override
    public String name() {
      return "odd";
    }

    @Override
    public long granularity() {
      return BLOCK;
    }

    @Override
    public boolean recording() {
      return false;
    }

    @Override
    public boolean inconsistent() {
      return false;
    }

    @Override
    public boolean dirty(long offset) {
      return offset / BLOCK % 2 == 1;
    }

    @Override
    public long runEnd(long offset, long limit) {
      return Math.min(limit, (offset / BLOCK + 1) * BLOCK);
    }
  }
}
