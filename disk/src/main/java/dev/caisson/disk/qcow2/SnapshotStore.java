/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.format.SnapshotTable;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.TableCache;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes, brings back and deletes internal snapshots. A snapshot is a second L1 table: all clusters
 * it reaches get one more user, and lose their "ours alone" flag in the active tables.
 *
 * <p>The caller holds the gate exclusively, with everything written back.
 */
final class SnapshotStore {
  private final Image image;
  private final Geometry geometry;

  SnapshotStore(Image image) {
    this.image = image;
    this.geometry = image.geometry();
  }

  List<SnapshotTable.Entry> entries() {
    return SnapshotTable.read(image.file(), image.header()).entries();
  }

  SnapshotTable.Entry find(String idOrName) {
    var entries = entries();
    return entries.stream()
        .filter(entry -> entry.id().equals(idOrName))
        .findFirst()
        .or(() -> entries.stream().filter(entry -> entry.name().equals(idOrName)).findFirst())
        .orElseThrow(() ->
            new DiskException(
                DiskException.Kind.MISSING,
                "%s: has no snapshot '%s'".formatted(image.name(), idOrName)));
  }

  SnapshotTable.Entry create(String name, long diskSize) {
    refuseExternal();
    var entries = new ArrayList<>(entries());
    if (entries.size() >= Header.MAX_SNAPSHOTS || name.getBytes(UTF_8).length > 255) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          image.name() + ": too many snapshots, or a name of more than 255 bytes");
    }
    changeUsers(image.copyOfL1(), 1);
    long[] copy = image.copyOfL1();
    long l1Offset = writeL1(copy);
    var now = Instant.now();
    var extra = ByteBuffer.allocate(24).putLong(0).putLong(diskSize).putLong(-1).array();
    var entry =
        new SnapshotTable.Entry(
            l1Offset,
            copy.length,
            String.valueOf(nextId(entries)).getBytes(UTF_8),
            name.getBytes(UTF_8),
            (int) now.getEpochSecond(),
            now.getNano(),
            0,
            0,
            extra);
    entries.add(entry);
    writeTable(entries);
    return entry;
  }

  private static long nextId(List<SnapshotTable.Entry> entries) {
    return 1
        + entries.stream()
            .map(SnapshotTable.Entry::id)
            .filter(id -> id.matches("\\d{1,18}"))
            .mapToLong(Long::parseLong)
            .max()
            .orElse(0);
  }

  /** Makes the snapshot's tables the active ones; the present contents are dropped. */
  void apply(SnapshotTable.Entry entry) {
    refuseExternal();
    long[] present = image.copyOfL1();
    long[] table = Tables.read(image.file(), entry.l1Offset(), entry.l1Size());
    long size = entry.diskSize(image.header().size());
    if (geometry.l1Entries(size) > table.length) {
      throw DiskException.corrupt(image.name(), "L1 table of snapshot " + entry.id());
    }
    changeUsers(table.clone(), 1);
    long offset = writeL1(withoutCopied(table));
    image.writeBack();
    image.barrier();
    var old = image.header();
    image.writeL1Place(image.header().withL1(table.length, offset));
    image.writeSize(size);
    image.barrier();
    image.replaceL1(withoutCopied(table));
    changeUsers(present, -1);
    freeTable(old.l1Offset(), old.l1Size() * 8L);
    settle();
    markCopied();
  }

  void delete(SnapshotTable.Entry entry) {
    var entries = new ArrayList<>(entries());
    entries.removeIf(
        other -> other.l1Offset() == entry.l1Offset() && other.id().equals(entry.id()));
    long[] table = Tables.read(image.file(), entry.l1Offset(), entry.l1Size());
    writeTable(entries);
    changeUsers(table, -1);
    freeTable(entry.l1Offset(), entry.l1Size() * 8L);
    settle();
    markCopied();
  }

  private void refuseExternal() {
    if (image.external()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          image.name() + ": no snapshots with an external data file");
    }
  }

  private static long[] withoutCopied(long[] table) {
    long[] plain = table.clone();
    for (int i = 0; i < plain.length; i++) {
      plain[i] &= ~L2Entry.COPIED;
    }
    return plain;
  }

  private long writeL1(long[] table) {
    if (table.length == 0) {
      return 0;
    }
    long offset = image.allocator().allocate(geometry.clusters(table.length * 8L));
    var padded = new long[(int) (geometry.alignUp(table.length * 8L) / 8)];
    System.arraycopy(table, 0, padded, 0, table.length);
    Tables.write(image.file(), offset, padded);
    return offset;
  }

  /** Puts a new snapshot table in place, after all it refers to, and frees the old one. */
  private void writeTable(List<SnapshotTable.Entry> entries) {
    var old = SnapshotTable.read(image.file(), image.header());
    long oldOffset = image.header().snapshotsOffset();
    long offset = 0;
    if (!entries.isEmpty()) {
      var bytes = SnapshotTable.encode(entries);
      long clusters = geometry.clusters(bytes.remaining());
      offset = image.allocator().allocate(clusters);
      image.file().write(offset, bytes);
    }
    image.writeBack();
    image.barrier();
    image.writeSnapshotPlace(entries.size(), offset);
    image.barrier();
    freeTable(oldOffset, old.bytes());
    settle();
  }

  /** Gives each entry the fields that version 3 wants there: machine state's and disk's sizes. */
  void widen() {
    long size = image.header().size();
    var entries = entries();
    if (entries.stream().anyMatch(entry -> entry.extra().length < 16)) {
      writeTable(entries.stream().map(entry -> entry.widened(size)).toList());
    }
  }

  private void freeTable(long offset, long bytes) {
    if (offset != 0 && bytes > 0) {
      image.allocator().free(offset, geometry.alignUp(bytes));
    }
  }

  private void settle() {
    image.writeBack();
    image.barrier();
    image.forgetCounting();
  }

  /** Adds a user to, or takes one from, everything a table reaches; then sets "ours alone". */
  private void changeUsers(long[] table, int change) {
    for (long entry : table) {
      long l2 = entry & L2Entry.OFFSET;
      if (l2 == 0) {
        continue;
      }
      eachEntry(l2, (slotPage, at, value) -> changeUser(value, change));
      changeRange(l2, geometry.clusterSize(), change);
    }
    if (change > 0) {
      // Counts first, on disk: a flag that says "shared" too early does no harm, one too late does.
      image.refcounts().blocks().write();
      image.barrier();
      clearCopied();
    }
  }

  private void changeUser(long entry, int change) {
    if ((entry & L2Entry.COMPRESSED) != 0) {
      changeRange(
          L2Entry.packedOffset(entry, geometry.clusterBits()),
          L2Entry.packedLength(entry, geometry.clusterBits()),
          change);
    } else if ((entry & L2Entry.OFFSET) != 0) {
      changeRange(entry & L2Entry.OFFSET, geometry.clusterSize(), change);
    }
  }

  private void changeRange(long offset, long length, int change) {
    if (change < 0) {
      image.allocator().free(offset, length);
      return;
    }
    long last = (offset + length - 1) >>> geometry.clusterBits();
    for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
      var refcounts = image.refcounts();
      if (refcounts.get(cluster) >= refcounts.maximum()) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "%s: refcounts of %d bits cannot count another snapshot"
                .formatted(image.name(), image.header().refcountBits()));
      }
      refcounts.set(cluster, refcounts.get(cluster) + 1);
    }
  }

  private interface EntryVisitor {
    void visit(TableCache.Page page, int at, long entry);
  }

  private void eachEntry(long l2, EntryVisitor visitor) {
    for (int page = 0; page < geometry.clusterSize(); page += geometry.pageSize()) {
      var cached = image.l2().page(l2 + page);
      for (int at = 0; at < geometry.pageSize(); at += geometry.entryBytes()) {
        long entry = cached.bytes.getLong(at);
        if (entry != 0) {
          visitor.visit(cached, at, entry);
        }
      }
    }
  }

  private void clearCopied() {
    for (int i = 0; i < image.l1Length(); i++) {
      long l2 = image.l2Table(i);
      if (l2 == 0) {
        continue;
      }
      eachEntry(l2, (page, at, entry) -> flag(page, at, entry, false));
      image.setL1(i, image.l1(i) & ~L2Entry.COPIED);
    }
    image.writeBack();
  }

  /** Finds out which clusters of the active tables have one user now. */
  private void markCopied() {
    for (int i = 0; i < image.l1Length(); i++) {
      long l2 = image.l2Table(i);
      if (l2 == 0) {
        continue;
      }
      eachEntry(
          l2,
          (page, at, entry) -> {
            long host = entry & L2Entry.OFFSET;
            boolean plain = (entry & L2Entry.COMPRESSED) == 0 && host != 0;
            if (plain) {
              flag(page, at, entry, users(host) == 1);
            }
          });
      long single = users(l2) == 1 ? L2Entry.COPIED : 0;
      image.setL1(i, (image.l1(i) & ~L2Entry.COPIED) | single);
    }
    image.writeBack();
    image.barrier();
  }

  private long users(long offset) {
    return image.refcounts().get(offset >>> geometry.clusterBits());
  }

  private void flag(TableCache.Page page, int at, long entry, boolean copied) {
    if ((entry & L2Entry.COMPRESSED) != 0) {
      return;
    }
    long changed = copied ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED;
    if (changed != entry) {
      page.bytes.putLong(at, changed);
      image.l2().changed(page, at, at + 8);
    }
  }
}
