/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.ReadOnlyDisk;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Several disks, one after the other, as one. */
public final class Joined implements ReadOnlyDisk {
  private final List<Disk> parts;
  private final long[] starts;
  private final long size;

  /** Takes the disks over: closing this closes them. */
  public Joined(List<Disk> parts) {
    this.parts = List.copyOf(parts);
    this.starts = new long[parts.size()];
    long end = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = end;
      end = Math.addExact(end, parts.get(i).size());
    }
    this.size = end;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public String format() {
    return "joined";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(toString(), offset, target.remaining(), size);
    int limit = target.limit();
    for (long at = offset; target.position() < limit; ) {
      int part = partAt(at);
      int count =
          (int) Math.min(limit - target.position(), starts[part] + parts.get(part).size() - at);
      parts.get(part).read(at - starts[part], target.limit(target.position() + count));
      target.limit(limit);
      at += count;
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(toString(), offset, length, size);
    int part = partAt(offset);
    long inPart = offset - starts[part];
    var found = parts.get(part).extent(inPart, Math.min(length, parts.get(part).size() - inPart));
    return new Extent(offset, found.length(), found.kind(), found.depth(), found.hostOffset());
  }

  /** The last one that starts there or before, and is not empty. */
  private int partAt(long offset) {
    int found = Arrays.binarySearch(starts, offset);
    int part = found >= 0 ? found : -found - 2;
    while (part + 1 < starts.length && starts[part + 1] <= offset) {
      part++;
    }
    return part;
  }

  @Override
  public void close() {
    parts.forEach(Disk::close);
  }

  @Override
  public String toString() {
    return parts.toString();
  }
}
