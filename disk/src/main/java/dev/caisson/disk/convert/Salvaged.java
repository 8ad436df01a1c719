/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.ReadOnlyDisk;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** A damaged disk: what cannot be read of it reads as zero, sector by sector. */
public final class Salvaged implements ReadOnlyDisk {
  private static final int SECTOR = 512;

  private final Disk disk;
  private final AtomicLong lost = new AtomicLong();

  /** Takes the disk over: closing this closes it. */
  public Salvaged(Disk disk) {
    this.disk = disk;
  }

  /** Bytes that could not be read so far. */
  public long lost() {
    return lost.get();
  }

  @Override
  public long size() {
    return disk.size();
  }

  @Override
  public String format() {
    return disk.format();
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    int start = target.position();
    int limit = target.limit();
    try {
      disk.read(offset, target);
    } catch (DiskException broken) { // which leaves the buffer anyhow
      readSectors(offset, target.limit(limit).position(start));
    }
  }

  private void readSectors(long offset, ByteBuffer target) {
    int limit = target.limit();
    while (target.position() < limit) {
      int from = target.position();
      int to = Math.min(limit, from + SECTOR);
      try {
        disk.read(offset, target.limit(to));
      } catch (DiskException broken) {
        target.limit(to).position(from).put(new byte[to - from]);
        lost.addAndGet(to - from);
      }
      target.limit(limit);
      offset += to - from;
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    try {
      return disk.extent(offset, length);
    } catch (DiskException broken) {
      return Extent.data(offset, Math.min(SECTOR, length));
    }
  }

  @Override
  public void close() {
    disk.close();
  }

  @Override
  public String toString() {
    return disk.toString();
  }
}
