/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.Disk;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.Image;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Makes ranges read as zero by changing tables, writing bytes only where units are cut. */
public final class ZeroWriter {
  private final Image image;
  private final Geometry geometry;
  private final ClusterMap map;
  private final ClusterReader reader;
  private final ClusterWriter writer;

  public ZeroWriter(Image image, ClusterMap map, ClusterReader reader, ClusterWriter writer) {
    this.image = image;
    this.geometry = image.geometry();
    this.map = map;
    this.reader = reader;
    this.writer = writer;
  }

  /**
   * @param size of the disk: its last unit may be zeroed whole
   */
  public void zero(long offset, long length, long size, boolean mayFree, Optional<Disk> base) {
    long end = offset + length;
    long unit = geometry.unitSize();
    long bodyStart = Math.min(end, (offset + unit - 1) & -unit);
    long bodyEnd = end == size ? (end + unit - 1) & -unit : end & -unit;
    zeroPart(offset, bodyStart, base);
    for (long at = bodyStart; at < bodyEnd; ) {
      at = zeroUnits(at, bodyEnd, size, mayFree, base);
    }
    zeroPart(Math.max(bodyStart, Math.min(bodyEnd, end)), end, base);
    if (image.header().rawExternal()) {
      image.data().zero(offset, length);
    }
  }

  private void zeroPart(long from, long to, Optional<Disk> base) {
    if (from >= to) {
      return;
    }
    image.gate.readLock().lock();
    try {
      if (reader.readsAsZero(from, to - from, base)) {
        return;
      }
    } finally {
      image.gate.readLock().unlock();
    }
    writer.write(from, ByteBuffer.allocate((int) (to - from)), base);
  }

  /** Zeroes units up to the end of a table page at most; returns where it stopped. */
  private long zeroUnits(long offset, long end, long size, boolean mayFree, Optional<Disk> base) {
    image.gate.writeLock().lock();
    try {
      Run run = map.find(offset, end - offset);
      boolean zeroAlready =
          (run.kind() == Run.Kind.ZERO && !mayFree)
              || (run.kind() == Run.Kind.ABSENT && base.isEmpty());
      if (zeroAlready) {
        return offset + run.length();
      }
      if (image.header().version() < 3 && !(mayFree && base.isEmpty())) {
        long stop = Math.min(Math.min(end, size), offset + run.length());
        stop = Math.min(stop, offset + geometry.clusterSize());
        writer.write(offset, ByteBuffer.allocate((int) (stop - offset)), base);
        return Math.min(end, offset + geometry.clusterSize());
      }
      long stop = zeroPage(offset, end, mayFree, base);
      image.writeBackIfCrowded();
      return stop;
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  private long zeroPage(long offset, long end, boolean mayFree, Optional<Disk> base) {
    var slot = map.slot(offset);
    int following = map.following(slot);
    long at = offset;
    for (int i = 0; i < following && at < end; i++) {
      long next = Math.min(end, geometry.alignDown(at) + geometry.clusterSize());
      zeroCluster(i == 0 ? slot : map.next(slot, i), at, next, mayFree, base);
      at = next;
    }
    return at;
  }

  private void zeroCluster(
      ClusterMap.Slot slot, long from, long to, boolean mayFree, Optional<Disk> base) {
    long entry = slot.entry();
    boolean packed = (entry & L2Entry.COMPRESSED) != 0;
    boolean ours = !packed && (entry & L2Entry.COPIED) != 0 && map.hasHost(entry);
    if (to - from < geometry.clusterSize()) {
      zeroSubclusters(slot, packed, from, to, base);
      return;
    }
    if (entry == 0 && base.isEmpty() && !geometry.extended()) {
      return;
    }
    boolean keep = ours && (!mayFree || image.external());
    long kept = keep ? entry & (L2Entry.OFFSET | L2Entry.COPIED) : 0;
    if (geometry.extended()) {
      map.set(slot, kept, L2Entry.ALL_ZERO);
    } else {
      map.set(slot, image.header().version() < 3 ? 0 : kept | L2Entry.ZERO, 0);
    }
  }

  private void zeroSubclusters(
      ClusterMap.Slot slot, boolean packed, long from, long to, Optional<Disk> base) {
    if (packed) {
      writer.write(from, ByteBuffer.allocate((int) (to - from)), base);
      return;
    }
    int first = (int) (from & (geometry.clusterSize() - 1)) >>> geometry.unitBits();
    int count = (int) ((to - from) >>> geometry.unitBits());
    long units = ((1L << count) - 1) << first;
    map.set(slot, slot.entry(), (slot.bitmap() & ~units) | units << 32);
  }

  /** Lets whole clusters go; where that would bring the base back to light, nothing happens. */
  public void discard(long offset, long length, long size, Optional<Disk> base) {
    long end = offset + length;
    long from = geometry.alignUp(offset);
    long to = end == size ? geometry.alignUp(end) : geometry.alignDown(end);
    if (image.header().version() < 3 && base.isPresent()) {
      return;
    }
    for (long at = from; at < to; ) {
      at = zeroUnits(at, to, size, true, base);
    }
    if (image.external() && from < Math.min(to, end)) {
      image.data().release(from, Math.min(to, end) - from);
    }
  }
}
