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
import dev.caisson.disk.qcow2.bitmap.BitmapEditor;
import dev.caisson.disk.qcow2.bitmap.BitmapStore;
import dev.caisson.disk.qcow2.check.CheckReport;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.cluster.ClusterMap;
import dev.caisson.disk.qcow2.cluster.ClusterReader;
import dev.caisson.disk.qcow2.cluster.ClusterWriter;
import dev.caisson.disk.qcow2.cluster.DataFile;
import dev.caisson.disk.qcow2.cluster.OwnExtents;
import dev.caisson.disk.qcow2.cluster.PackedBatch;
import dev.caisson.disk.qcow2.cluster.ZeroWriter;
import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.image.DiskGate;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Preallocation;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.HostFiles;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
  private final DiskGate gate;
  private volatile Optional<Disk> base = Optional.empty();
  private volatile long size;

  private Qcow2Disk(Image image) {
    this.image = image;
    this.map = new ClusterMap(image);
    this.extents = new OwnExtents(image, map);
    this.data = new DataFile(image);
    this.reader = new ClusterReader(image, map, data);
    this.writer = new ClusterWriter(image, map, data, reader);
    this.zeroes = new ZeroWriter(image, map, reader, writer);
    this.bitmaps = new BitmapStore(image);
    this.gate = new DiskGate(image);
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

  /** The first bytes of the LUKS header inside the image, at most {@code most}; empty for none. */
  public Optional<ByteBuffer> encryptionHeader(int most) {
    return image.encryptionHeader().map(place -> image.bytesAt(place, most));
  }

  /** Whether clusters have a place in the file that nothing was stored at yet. */
  public boolean hasUnusedClusters() {
    return gate.exclusively(() -> Preallocation.detect(image));
  }

  /**
   * The run of stored guest bytes at {@code host}, as the file system tells it apart: the extent is
   * a hole of the file, and reads as zero, or it is not.
   *
   * @param run a DATA extent of this very image
   */
  public Extent beneath(Extent run) {
    return Preallocation.beneath(image, run);
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
    gate.requireKey();
    image.gate.readLock().lock(); // not by a lambda: this is the hottest path of all
    try {
      gate.requireOpen();
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
    return Compression.of(image.header().compressionType());
  }

  /** Bytes in a cluster. */
  public int clusterSize() {
    return image.geometry().clusterSize();
  }

  private void prepareChange(long offset, long length) {
    gate.requireWritable();
    Range.check(name(), offset, length, size);
    gate.requireKey();
    gate.requireOpen();
    bitmaps.recordChange(offset, length, size);
  }

  @Override
  public void flush() {
    if (writable()) {
      gate.change(image::writeBack);
      image.barrier();
    }
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
    return gate.shared(() -> extents.find(offset, length));
  }

  @Override
  public void readOwn(long offset, ByteBuffer target) {
    gate.requireKey();
    gate.shared(() -> {
      reader.read(offset, target, Optional.empty());
      return 0;
    });
  }

  @Override
  public boolean isPlain() {
    return image.header().cryptMethod() == Header.CRYPT_NONE;
  }

  @Override
  public Optional<HostFiles.HostFile> file() {
    return image.data() instanceof FileStorage storage ? storage.host() : Optional.empty();
  }

  @Override
  public void readPlain(long host, ByteBuffer target) {
    data.readStored(host, target);
  }

  @Override
  public List<Snapshot> snapshots() {
    return gate.exclusively(() ->
        new SnapshotStore(image).entries().stream().map(entry -> entry.describe(size)).toList());
  }

  @Override
  public Snapshot createSnapshot(String snapshotName) {
    gate.requireWritable();
    return gate.exclusively(() -> {
      image.writeBack();
      return new SnapshotStore(image).create(snapshotName, size).describe(size);
    });
  }

  @Override
  public void applySnapshot(String idOrName) {
    gate.requireWritable();
    bitmaps.recordChange(0, size, size);
    gate.change(() -> {
      image.writeBack();
      var store = new SnapshotStore(image);
      store.apply(store.find(idOrName));
      size = image.header().size();
    });
  }

  @Override
  public void deleteSnapshot(String idOrName) {
    gate.change(() -> {
      image.writeBack();
      var store = new SnapshotStore(image);
      store.delete(store.find(idOrName));
    });
  }

  @Override
  public Disk openSnapshot(String idOrName) {
    return gate.exclusively(() -> {
      if (writable()) {
        image.writeBack();
      }
      return SnapshotView.open(image, new SnapshotStore(image).find(idOrName), base);
    });
  }

  @Override
  public List<DirtyBitmap> dirtyBitmaps() {
    return gate.exclusively(() -> bitmaps.list(size));
  }

  @Override
  public void resize(long newSize) {
    gate.requireWritable();
    resizer().resize(size, newSize, base);
    size = newSize;
  }

  private Resizer resizer() {
    return new Resizer(image, map, writer, zeroes, bitmaps);
  }

  /** Gives every cluster from {@code from} on a place in the file now; new ones read as zero. */
  public void preallocate(long from) {
    if (!isPlain()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          name() + ": clusters of an encrypted disk cannot be laid out ahead");
    }
    gate.change(() -> resizer().preallocate(from, size));
  }

  /** Changes to the header; for an image opened for writing. */
  public Amendment amendment() {
    return new Amendment(image, gate, bitmaps::store);
  }

  /** Changes to the list of dirty bitmaps. */
  public BitmapEditor bitmapEditor() {
    return new BitmapEditor(image, gate, bitmaps);
  }

  /** Frees all guest clusters, so that the base shows everywhere again: after a commit. */
  public void makeEmpty() {
    unmap(0, size);
    flush();
  }

  /** Lets whole clusters go without a trace. */
  void unmap(long from, long to) {
    gate.change(() -> resizer().drop(from, to));
  }

  /** Checks every count and reference; with {@code repair}, sets right what can be. */
  public CheckReport check(Repair.Extent repair) {
    return gate.exclusively(() -> {
      if (writable()) {
        image.writeBack();
      }
      return new Repair(image).check(repair);
    });
  }

  @Override
  public void close() {
    gate.close(() -> {
      try {
        if (writable()) {
          bitmaps.store();
          image.writeBack();
          image.barrier();
        }
      } finally {
        image.file().close();
        if (image.external()) {
          image.data().close();
        }
        base.ifPresent(Disk::close);
      }
    });
  }

  @Override
  public String toString() {
    return name();
  }
}
