/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Range;
import dev.caisson.disk.qcow2.bitmap.BitmapStore;
import dev.caisson.disk.qcow2.cluster.ClusterMap;
import dev.caisson.disk.qcow2.cluster.ClusterWriter;
import dev.caisson.disk.qcow2.cluster.Run;
import dev.caisson.disk.qcow2.cluster.ZeroWriter;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.Allocator;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Tables;
import java.util.Optional;

/** Changes how large a disk is and how much of it has a place in the file. */
final class Resizer {
  private final Image image;
  private final Geometry geometry;
  private final ClusterMap map;
  private final ZeroWriter zeroes;
  private final BitmapStore bitmaps;

  Resizer(
      Image image, ClusterMap map, ClusterWriter writer, ZeroWriter zeroes, BitmapStore bitmaps) {
    this.image = image;
    this.geometry = image.geometry();
    this.map = map;
    this.zeroes = zeroes;
    this.bitmaps = bitmaps;
  }

  void resize(long oldSize, long newSize, Optional<Disk> base) {
    Range.check(image.name(), 0, 0, newSize);
    if (geometry.l1Entries(newSize) * 8 > Header.MAX_L1_BYTES) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "%s: %d bytes are too many for clusters of %d"
              .formatted(image.name(), newSize, geometry.clusterSize()));
    }
    if (image.header().version() < 3 && image.header().snapshotCount() > 0) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          image.name() + ": a version 2 image with snapshots cannot be resized");
    }
    if (newSize == oldSize) {
      return;
    }
    bitmaps.prepareResize(oldSize, newSize);
    if (newSize < oldSize) {
      shrink(oldSize, newSize, base);
    } else {
      grow(oldSize, newSize, base);
    }
    bitmaps.resized(newSize);
  }

  private void shrink(long oldSize, long newSize, Optional<Disk> base) {
    long cut = Math.min(oldSize, geometry.alignUp(newSize));
    zeroes.zero(newSize, cut - newSize, oldSize, false, base);
    image.gate.writeLock().lock();
    try {
      image.writeBack();
      image.barrier();
      image.writeSize(newSize);
      drop(geometry.alignUp(newSize), oldSize);
      image.writeBack();
      if (image.external()) {
        image.data().truncate(newSize);
      }
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  private void grow(long oldSize, long newSize, Optional<Disk> base) {
    image.gate.writeLock().lock();
    try {
      growL1(geometry.l1Entries(newSize));
      if (image.external()) {
        image.data().truncate(newSize);
      }
    } finally {
      image.gate.writeLock().unlock();
    }
    // What the base has beyond the old end must not show; nor what the last cluster held there.
    long below = base.map(Disk::size).orElse(0L);
    long hide = Math.min(newSize, Math.max(geometry.alignUp(oldSize), below));
    zeroes.zero(oldSize, hide - oldSize, newSize, false, base);
    image.gate.writeLock().lock();
    try {
      image.writeBack();
      image.barrier();
      image.writeSize(newSize);
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  private void growL1(long entries) {
    if (entries <= image.l1Length()) {
      return;
    }
    image.writeBack();
    var old = image.header();
    long[] table = new long[(int) entries];
    System.arraycopy(image.copyOfL1(), 0, table, 0, image.l1Length());
    long clusters = geometry.clusters(entries * 8);
    long offset = image.allocator().allocate(clusters);
    Tables.write(image.file(), offset, table);
    image.writeBack();
    image.barrier();
    image.writeL1Place(old.withL1(table.length, offset));
    image.barrier();
    image.replaceL1(table);
    if (old.l1Offset() != 0) {
      image.allocator().free(old.l1Offset(), geometry.alignUp(old.l1Size() * 8L));
    }
    image.writeBack();
    image.forgetCounting();
  }

  /** Unmaps whole clusters of a range; the gate is held exclusively. */
  void drop(long from, long to) {
    for (long at = from; at < to; ) {
      Run run = map.find(at, to - at);
      boolean nothing = run.kind() == Run.Kind.ABSENT && !geometry.extended();
      if (nothing || image.l2Table((int) (at >>> geometry.l1Shift())) == 0) {
        at += run.length();
        continue;
      }
      var slot = map.slot(at);
      if (slot.entry() != 0 || slot.bitmap() != 0) {
        map.set(slot, 0, 0);
      }
      at += geometry.clusterSize();
      image.writeBackIfCrowded();
    }
  }

  /** A cluster that was in use before may still hold what it held. */
  private void clear(Allocator.Clusters room) {
    long length = room.count() << geometry.clusterBits();
    long stale = Math.min(length, image.data().size() - room.offset());
    if (stale > 0) {
      image.data().zero(room.offset(), stale);
    }
  }

  /**
   * Maps every unmapped cluster of a range to a place of its own that reads as zero; the gate is
   * held exclusively.
   */
  void preallocate(long from, long size) {
    long end = 0;
    for (long at = geometry.alignDown(from); at < size; ) {
      Run run = map.find(at, size - at);
      if (run.kind() != Run.Kind.ABSENT) {
        at += run.length();
        continue;
      }
      var slot = map.slot(at);
      long left = geometry.clusters(size - at);
      int wanted = (int) Math.min(left, map.following(slot));
      var room =
          image.external()
              ? new Allocator.Clusters(at, wanted)
              : image.allocator().allocate(1, wanted);
      for (int i = 0; i < room.count(); i++) {
        long host = room.offset() + ((long) i << geometry.clusterBits());
        map.set(map.next(slot, i), host | L2Entry.COPIED, L2Entry.ALL_STORED);
      }
      clear(room);
      end = room.offset() + (room.count() << geometry.clusterBits());
      at += room.count() << geometry.clusterBits();
      image.writeBackIfCrowded();
    }
    image.writeBack();
    if (image.data().size() < end) {
      image.data().truncate(end);
    }
  }
}
