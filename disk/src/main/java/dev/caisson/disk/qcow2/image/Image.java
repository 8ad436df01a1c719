/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import static dev.caisson.disk.DiskException.corrupt;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.FirstCluster;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * An open image: its file, header, tables, and the one rule all writers follow.
 *
 * <p><b>The rule.</b> On disk, nothing is ever named before it is counted, nor uncounted before it
 * is no longer named. {@link #writeBack} therefore writes refcounts that grew, then L2 tables, then
 * the L1 table, and only then lowers refcounts. Whoever is killed in between leaves clusters nobody
 * uses, never a cluster used twice.
 *
 * <p><b>Locking.</b> Reads, and writes into clusters that are ours already, hold {@link #gate}
 * shared; whatever changes a table holds it exclusively.
 */
public final class Image {
  private static final long L2_CACHE = 32 << 20;
  private static final long REFCOUNT_CACHE = 4 << 20;

  private final Storage file;
  private final Storage data;
  private final Geometry geometry;
  private final boolean syncing;
  private final TableCache l2;
  public final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();

  private volatile FirstCluster first;
  private long[] l1;
  private int l1DirtyFrom;
  private int l1DirtyTo;
  private Optional<Counting> counting = Optional.empty();
  private volatile Optional<ClusterCipher> cipher = Optional.empty();

  /** What only writers need, made when the first one comes. */
  private record Counting(Refcounts refcounts, Allocator allocator, MetadataClusters metadata) {}

  /**
   * @param data where guest clusters lie: {@code file}, or an external data file
   * @param syncing whether order and flushes are forced to stable storage
   */
  public Image(Storage file, Storage data, FirstCluster first, boolean syncing) {
    this.file = file;
    this.data = data;
    this.first = first;
    this.geometry = first.header().geometry();
    this.syncing = syncing;
    this.l1 = readL1(file, first.header());
    this.l2 = new TableCache(file, geometry.pageSize(), L2_CACHE);
  }

  private static long[] readL1(Storage file, Header header) {
    if (header.l1Offset() + header.l1Size() * 8L > file.size()) {
      throw corrupt(file.name(), "L1 table at %d is past the end".formatted(header.l1Offset()));
    }
    return Tables.read(file, header.l1Offset(), header.l1Size());
  }

  public Storage file() {
    return file;
  }

  public Storage data() {
    return data;
  }

  public boolean external() {
    return header().has(Features.EXTERNAL_DATA);
  }

  public Geometry geometry() {
    return geometry;
  }

  public FirstCluster first() {
    return first;
  }

  public Header header() {
    return first.header();
  }

  public TableCache l2() {
    return l2;
  }

  public String name() {
    return file.name();
  }

  public Optional<ClusterCipher> cipher() {
    return cipher;
  }

  public void unlock(ClusterCipher key) {
    cipher = Optional.of(key);
  }

  /** Where something stands in the file, in bytes. */
  public record Place(long offset, long length) {}

  /** The first bytes of a place in the file, at most {@code most}. */
  public ByteBuffer bytesAt(Place place, int most) {
    var bytes = ByteBuffer.allocate((int) Math.min(most, place.length()));
    file.read(place.offset(), bytes);
    return bytes.flip();
  }

  /**
   * The LUKS header of an image that has one.
   *
   * @throws DiskException CORRUPT when it should be there and is not
   */
  public Optional<Place> encryptionHeader() {
    if (header().cryptMethod() != Header.CRYPT_LUKS) {
      return Optional.empty();
    }
    var fields =
        first
            .extension(HeaderExtension.ENCRYPTION)
            .filter(bytes -> bytes.length >= 16)
            .map(ByteBuffer::wrap)
            .orElseThrow(() -> corrupt(name(), "has no encryption header"));
    var place = new Place(fields.getLong(0), fields.getLong(8));
    boolean inside =
        place.offset >= 0 && place.length >= 0 && place.offset <= file.size() - place.length;
    if (!inside) {
      throw corrupt(name(), "encryption header at %d".formatted(place.offset));
    }
    return Optional.of(place);
  }

  // The L1 table.

  public int l1Length() {
    return l1.length;
  }

  public long l1(int index) {
    return l1[index];
  }

  /** Offset of the L2 table for this L1 entry, 0 for none. */
  public long l2Table(int index) {
    long offset = l1[index] & L2Entry.OFFSET;
    if (!geometry.aligned(offset)) {
      throw corrupt(name(), "L2 table %d at 0x%x is not aligned".formatted(index, offset));
    }
    return offset;
  }

  public void setL1(int index, long entry) {
    l1[index] = entry;
    if (l1DirtyFrom == l1DirtyTo) {
      l1DirtyFrom = index;
      l1DirtyTo = index + 1;
    } else {
      l1DirtyFrom = Math.min(l1DirtyFrom, index);
      l1DirtyTo = Math.max(l1DirtyTo, index + 1);
    }
  }

  /** Takes another table for the active one; the caller has written it and the header. */
  public void replaceL1(long[] table) {
    l1 = table;
    l1DirtyFrom = l1DirtyTo = 0;
    l2.clear();
  }

  public long[] copyOfL1() {
    return l1.clone();
  }

  // Counting and allocation.

  public Refcounts refcounts() {
    return counting().refcounts;
  }

  public Allocator allocator() {
    return counting().allocator;
  }

  public MetadataClusters metadata() {
    return counting().metadata;
  }

  private Counting counting() {
    if (counting.isPresent()) {
      return counting.get();
    }
    synchronized (this) {
      if (counting.isEmpty()) {
        var refcounts = new Refcounts(file, header(), REFCOUNT_CACHE);
        counting =
            Optional.of(
                new Counting(
                    refcounts, new Allocator(this, refcounts), MetadataSurvey.of(this, refcounts)));
      }
      return counting.get();
    }
  }

  /** Looks at the file's metadata anew, after a repair or a change of snapshots. */
  public void forgetCounting() {
    counting = Optional.empty();
  }

  // Writing back.

  /** Writes all metadata in the order that keeps every intermediate state valid. */
  public void writeBack() {
    boolean l1Dirty = l1DirtyFrom < l1DirtyTo;
    boolean named = l2.isDirty() || l1Dirty;
    if (counting.isPresent() && counting.get().refcounts.blocks().isDirty()) {
      counting.get().refcounts.blocks().write();
      if (named) {
        barrier();
      }
    }
    l2.write();
    if (l1Dirty) {
      barrier();
      Tables.write(file, header().l1Offset(), l1, l1DirtyFrom, l1DirtyTo);
      l1DirtyFrom = l1DirtyTo = 0;
    }
    if (counting.isPresent() && counting.get().allocator.hasWaiting()) {
      if (named) {
        barrier();
      }
      counting.get().allocator.applyFrees();
      counting.get().refcounts.blocks().write();
    }
  }

  /** Writes back if the caches hold much; called after each change of tables. */
  public void writeBackIfCrowded() {
    if (l2.crowded()
        || (counting.isPresent()
            && (counting.get().allocator.crowded()
                || counting.get().refcounts.blocks().crowded()))) {
      writeBack();
    }
  }

  /** What was written so far is on stable storage before what comes. */
  public void barrier() {
    if (syncing) {
      if (external()) {
        data.flush();
      }
      file.flush();
    }
  }

  public void writeRefcountTablePlace(Header changed) {
    var place =
        ByteBuffer.allocate(12)
            .putLong(changed.refcountTableOffset())
            .putInt(changed.refcountTableClusters())
            .flip();
    file.write(Header.AT_REFCOUNT_TABLE, place);
    first = first.withHeader(changed);
  }

  public void writeL1Place(Header changed) {
    var place = ByteBuffer.allocate(12).putInt(changed.l1Size()).putLong(changed.l1Offset()).flip();
    file.write(Header.AT_L1, place);
    first = first.withHeader(changed);
  }

  public void writeSize(long size) {
    file.write(Header.AT_SIZE, ByteBuffer.allocate(8).putLong(0, size));
    first = first.withHeader(header().withSize(size));
  }

  public void writeSnapshotPlace(int count, long offset) {
    file.write(Header.AT_SNAPSHOTS, ByteBuffer.allocate(12).putInt(count).putLong(offset).flip());
    first = first.withHeader(header().withSnapshots(count, offset));
  }

  public void writeFeatures(long incompatible, long autoclear) {
    if (header().version() < 3) {
      return;
    }
    file.write(Header.AT_INCOMPATIBLE, ByteBuffer.allocate(8).putLong(0, incompatible));
    file.write(Header.AT_AUTOCLEAR, ByteBuffer.allocate(8).putLong(0, autoclear));
    first = first.withHeader(header().withFeatures(incompatible, autoclear));
  }

  /** Rewrites the whole first cluster, for changed extensions or another base. */
  public void writeFirst(FirstCluster changed) {
    var bytes = changed.encode(name());
    file.write(0, bytes);
    first = FirstCluster.read(file);
  }

  /** Marks the image so that nobody writes to it before a repair, and tells why. */
  public DiskException markCorrupt(String reason) {
    if (file.writable() && header().version() >= 3 && !header().has(Features.CORRUPT)) {
      writeFeatures(header().incompatible() | Features.CORRUPT, header().autoclear());
    }
    return corrupt(
        name(), reason + "; marked corrupt, repair it with: caisson disk check --repair " + name());
  }
}
