/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Layered;
import dev.caisson.disk.Range;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.Snapshot;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.chain.Layer;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A qcow2 image of version 2 or 3, alone or on a base.
 *
 * <p>Nothing in it is trusted: the header and every table entry are checked when they are followed,
 * and a guest write never lands in metadata.
 */
public final class Qcow2Disk
    implements Disk, Sparse, Resizable, Snapshots, DirtyBitmaps, Layered, Layer {
  private final Image image;
  private final ClusterMap map;
  private final OwnExtents extents;
  private final DataFile data;
  private final ClusterReader reader;
  private final ClusterWriter writer;
  private final ZeroWriter zeroes;
  private final BitmapStore bitmaps;
  private volatile Optional<Disk> base = Optional.empty();
  private volatile long size;
  private volatile boolean closed;

  private Qcow2Disk(Image image) {
    this.image = image;
    this.map = new ClusterMap(image);
    this.extents = new OwnExtents(image, map);
    this.data = new DataFile(image);
    this.reader = new ClusterReader(image, map, data);
    this.writer = new ClusterWriter(image, map, data, reader);
    this.zeroes = new ZeroWriter(image, map, reader, writer);
    this.bitmaps = new BitmapStore(image);
    this.size = image.header().size();
  }

  /**
   * Opens an image by itself; a base, if it names one, is put beneath it with {@link #standOn}.
   *
   * <p>Takes the storage over: closing the disk closes it; a refused opening leaves it open.
   */
  public static Qcow2Disk open(Storage file, Qcow2Access access) {
    return new Qcow2Disk(ImageOpener.open(file, access));
  }

  /** Puts the image on its base, which it closes when it closes. */
  public Qcow2Disk standOn(Disk lower) {
    base = Optional.of(lower);
    return this;
  }

  /** The disk beneath, if one was attached. */
  public Optional<Disk> base() {
    return base;
  }

  /** What the header says, for display. */
  public Qcow2Info info() {
    return Qcow2Info.of(image);
  }

  /** Whether guest bytes are encrypted and no key opened them. */
  public boolean sealed() {
    return image.header().cryptMethod() == Header.CRYPT_LUKS && image.cipher().isEmpty();
  }

  Image image() {
    return image;
  }

  @Override
  public String name() {
    return image.name();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean writable() {
    return image.file().writable();
  }

  @Override
  public String format() {
    return "qcow2";
  }

  @Override
  public Optional<String> baseName() {
    return image.first().backing();
  }

  /** Format of the base as the image states it. */
  public Optional<String> baseFormat() {
    return image.first().backingFormat();
  }

  @Override
  public List<String> chain() {
    List<String> files = new ArrayList<>(List.of(name()));
    base.ifPresent(lower ->
        files.addAll(lower instanceof Layered more ? more.chain() : List.of(lower.toString())));
    return List.copyOf(files);
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(name(), offset, target.remaining(), size);
    requireKey();
    image.gate.readLock().lock();
    try {
      requireOpen();
      reader.read(offset, target, base);
    } finally {
      image.gate.readLock().unlock();
    }
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    prepareChange(offset, source.remaining());
    writer.write(offset, source, base);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayFree) {
    prepareChange(offset, length);
    zeroes.zero(offset, length, size, mayFree, base);
  }

  @Override
  public void discard(long offset, long length) {
    prepareChange(offset, length);
    zeroes.discard(offset, length, size, base);
  }

  /** Stores clusters that {@link Compression#pack} made. */
  public void writePacked(PackedBatch batch) {
    if (image.external() || image.cipher().isPresent()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          name() + ": no compression with encryption or an external data file");
    }
    for (int i = 0; i < batch.count(); i++) {
      prepareChange(batch.offset(i), Math.min(clusterSize(), size - batch.offset(i)));
    }
    writer.writePacked(batch);
  }

  /** How this image packs clusters. */
  public Compression compression() {
    return Compression.of(image.header());
  }

  /** Bytes in a cluster. */
  public int clusterSize() {
    return image.geometry().clusterSize();
  }

  private void prepareChange(long offset, long length) {
    requireWritable();
    Range.check(name(), offset, length, size);
    requireKey();
    if (closed) {
      requireOpen();
    }
    bitmaps.recordChange(offset, length, size);
  }

  private void requireWritable() {
    if (!writable()) {
      throw new DiskException(
          DiskException.Kind.READ_ONLY, name() + ": was opened for reading only");
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new DiskException(DiskException.Kind.CLOSED, name() + ": is closed");
    }
  }

  private void requireKey() {
    if (sealed()) {
      throw new DiskException(
          DiskException.Kind.SECRET, name() + ": is encrypted; give its password");
    }
  }

  @Override
  public void flush() {
    if (!writable()) {
      return;
    }
    exclusively(() -> {
      image.writeBack();
      return 0;
    });
    image.barrier();
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(name(), offset, length, size);
    var own = own(offset, length);
    if (own.kind() != Extent.Kind.HOLE || base.isEmpty()) {
      return own;
    }
    long there = Math.min(own.length(), base.get().size() - offset);
    if (there <= 0) {
      return own;
    }
    var below = base.get().extent(offset, there);
    return new Extent(offset, below.length(), below.kind(), below.depth() + 1, below.hostOffset());
  }

  @Override
  public Extent own(long offset, long length) {
    image.gate.readLock().lock();
    try {
      requireOpen();
      return extents.find(offset, length);
    } finally {
      image.gate.readLock().unlock();
    }
  }

  @Override
  public void readOwn(long offset, ByteBuffer target) {
    requireKey();
    image.gate.readLock().lock();
    try {
      reader.read(offset, target, Optional.empty());
    } finally {
      image.gate.readLock().unlock();
    }
  }

  @Override
  public boolean isPlain() {
    return image.header().cryptMethod() == Header.CRYPT_NONE;
  }

  @Override
  public void readPlain(long host, ByteBuffer target) {
    data.readStored(host, target);
  }

  // Snapshots.

  @Override
  public List<Snapshot> snapshots() {
    return exclusively(() ->
        new SnapshotStore(image).entries().stream().map(entry -> entry.describe(size)).toList());
  }

  @Override
  public Snapshot createSnapshot(String snapshotName) {
    requireWritable();
    return exclusively(() -> {
      image.writeBack();
      return new SnapshotStore(image).create(snapshotName, size).describe(size);
    });
  }

  @Override
  public void applySnapshot(String idOrName) {
    requireWritable();
    bitmaps.recordChange(0, size, size);
    exclusively(() -> {
      image.writeBack();
      var store = new SnapshotStore(image);
      store.apply(store.find(idOrName));
      size = image.header().size();
      return 0;
    });
  }

  @Override
  public void deleteSnapshot(String idOrName) {
    requireWritable();
    exclusively(() -> {
      image.writeBack();
      var store = new SnapshotStore(image);
      store.delete(store.find(idOrName));
      return 0;
    });
  }

  @Override
  public Disk openSnapshot(String idOrName) {
    return exclusively(() -> {
      if (writable()) {
        image.writeBack();
      }
      return SnapshotView.open(image, new SnapshotStore(image).find(idOrName), base);
    });
  }

  @Override
  public List<DirtyBitmap> dirtyBitmaps() {
    return exclusively(() -> bitmaps.list(size));
  }

  // Shape.

  @Override
  public void resize(long newSize) {
    requireWritable();
    new Resizer(image, map, writer, zeroes, bitmaps).resize(size, newSize, base);
    size = newSize;
  }

  /** Gives every cluster a place in the file now; what they hold reads as zero. */
  public void preallocate() {
    requireWritable();
    exclusively(() -> {
      new Resizer(image, map, writer, zeroes, bitmaps).preallocate(size);
      return 0;
    });
  }

  /** Names another base in the header; contents are the caller's concern. */
  public void changeBase(Optional<String> name, Optional<String> format) {
    requireWritable();
    exclusively(() -> {
      image.writeBack();
      image.writeFirst(image.first().withBacking(name, format));
      image.barrier();
      return 0;
    });
  }

  /** Frees all guest clusters, so that the base shows everywhere again: after a commit. */
  public void makeEmpty() {
    requireWritable();
    exclusively(() -> {
      new Resizer(image, map, writer, zeroes, bitmaps).drop(0, size);
      image.writeBack();
      image.barrier();
      return 0;
    });
  }

  /** Checks every count and reference; with {@code repair}, sets right what can be. */
  public CheckReport check(Repair.Extent repair) {
    return exclusively(() -> {
      if (writable()) {
        image.writeBack();
      }
      return new Repair(image).check(repair);
    });
  }

  private <T> T exclusively(Supplier<T> change) {
    image.gate.writeLock().lock();
    try {
      requireOpen();
      return change.get();
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  @Override
  public void close() {
    image.gate.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      try {
        if (writable()) {
          bitmaps.store(size);
          image.writeBack();
          image.barrier();
        }
      } finally {
        closed = true;
        image.file().close();
        if (image.external()) {
          image.data().close();
        }
        base.ifPresent(Disk::close);
      }
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
