/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.ReadOnlyDisk;
import dev.caisson.disk.qcow2.cluster.ClusterMap;
import dev.caisson.disk.qcow2.cluster.ClusterReader;
import dev.caisson.disk.qcow2.cluster.DataFile;
import dev.caisson.disk.qcow2.cluster.Run;
import dev.caisson.disk.qcow2.format.SnapshotTable;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A snapshot, read while the disk it belongs to goes on; valid until that disk closes. */
final class SnapshotView implements ReadOnlyDisk {
  private final Image owner;
  private final ClusterMap map;
  private final ClusterReader reader;
  private final Optional<Disk> base;
  private final long size;
  private final String name;

  private SnapshotView(Image owner, Image view, String name, Optional<Disk> base) {
    this.owner = owner;
    this.map = new ClusterMap(view);
    this.reader = new ClusterReader(view, map, new DataFile(view));
    this.base = base;
    this.size = view.header().size();
    this.name = owner.name() + "#" + name;
  }

  static SnapshotView open(Image owner, SnapshotTable.Entry entry, Optional<Disk> base) {
    var header = owner.header();
    long diskSize = entry.diskSize(header.size());
    if (diskSize < 0 || header.geometry().l1Entries(diskSize) > entry.l1Size()) {
      throw DiskException.corrupt(owner.name(), "size of snapshot " + entry.id());
    }
    var as = header.withL1(entry.l1Size(), entry.l1Offset()).withSize(diskSize);
    Storage data = owner.data();
    var view = new Image(owner.file(), data, owner.first().withHeader(as), false);
    owner.cipher().ifPresent(view::unlock);
    return new SnapshotView(owner, view, entry.name(), base);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public String format() {
    return "qcow2";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(name, offset, target.remaining(), size);
    owner.gate.readLock().lock();
    try {
      reader.read(offset, target, base);
    } finally {
      owner.gate.readLock().unlock();
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(name, offset, length, size);
    owner.gate.readLock().lock();
    try {
      Run run = map.find(offset, length);
      return switch (run.kind()) {
        case ZERO -> new Extent(offset, run.length(), Extent.Kind.ZERO, 0, -1);
        case DATA -> new Extent(offset, run.length(), Extent.Kind.DATA, 0, run.host());
        case COMPRESSED -> new Extent(offset, run.length(), Extent.Kind.COMPRESSED, 0, -1);
        case ABSENT -> absent(offset, run.length());
      };
    } finally {
      owner.gate.readLock().unlock();
    }
  }

  private Extent absent(long offset, long length) {
    long there = base.isEmpty() ? 0 : Math.min(length, base.get().size() - offset);
    if (there <= 0) {
      return new Extent(offset, length, Extent.Kind.HOLE, 0, -1);
    }
    var below = base.get().extent(offset, there);
    return new Extent(offset, below.length(), below.kind(), below.depth() + 1, below.hostOffset());
  }

  @Override
  public void close() {
    // The owner's file stays open for its owner.
  }

  @Override
  public String toString() {
    return name;
  }
}
