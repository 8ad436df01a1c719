/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.check;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.format.SnapshotTable;
import dev.caisson.disk.qcow2.image.BitmapDirectory;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Refcounts;
import dev.caisson.disk.qcow2.image.TableCache;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;

/** Follows every reference in an image and counts the users of each cluster. */
final class ReferenceWalk {
  private final Image image;
  private final Geometry geometry;
  private final Findings findings;
  private final UserCounts counts;
  private final Refcounts stored;
  private final boolean believed;
  private long allocated;
  private long fragmented;
  private long compressed;
  private long expectedNext;

  ReferenceWalk(Image image, Findings findings) {
    this(image, findings, true);
  }

  /**
   * @param believed whether the stored counts are worth comparing flags with; those of an image
   *     that was left dirty are not
   */
  ReferenceWalk(Image image, Findings findings, boolean believed) {
    this.believed = believed;
    this.image = image;
    this.geometry = image.geometry();
    this.findings = findings;
    this.counts = new UserCounts(image.name());
    this.stored = new Refcounts(image.file(), image.header(), 4 << 20);
  }

  UserCounts counts() {
    return counts;
  }

  long allocated() {
    return allocated;
  }

  long fragmented() {
    return fragmented;
  }

  long compressed() {
    return compressed;
  }

  void walkAll() {
    walkWithoutRefcounts();
    var header = image.header();
    count("refcount table", header.refcountTableOffset(), stored.tableLength() * 8L);
    for (int i = 0; i < stored.tableLength(); i++) {
      try {
        long block = stored.blockOffset(i);
        if (block != 0) {
          countOwn("refcount block", block);
        }
      } catch (DiskException misaligned) {
        findings.corruption(String.valueOf(misaligned.getMessage()));
      }
    }
  }

  private void countOwn(String what, long offset) {
    if (counts.get(offset >>> geometry.clusterBits()) > 0) {
      findings.corruption("%s at 0x%x is used twice".formatted(what, offset));
    }
    count(what, offset, geometry.clusterSize());
  }

  void walkWithoutRefcounts() {
    var header = image.header();
    count("header", 0, geometry.clusterSize());
    count("L1 table", header.l1Offset(), header.l1Size() * 8L);
    for (int i = 0; i < image.l1Length(); i++) {
      walkL1Entry(image.l1(i), true);
    }
    var snapshots = SnapshotTable.read(image.file(), header);
    count("snapshot table", header.snapshotsOffset(), snapshots.bytes());
    for (var snapshot : snapshots.entries()) {
      count("L1 table of snapshot", snapshot.l1Offset(), snapshot.l1Size() * 8L);
      Tables.forEach(
          image.file(), snapshot.l1Offset(), snapshot.l1Size(), entry -> walkL1Entry(entry, false));
    }
    walkBitmaps();
    image
        .first()
        .extension(HeaderExtension.ENCRYPTION)
        .filter(bytes -> bytes.length >= 16)
        .map(ByteBuffer::wrap)
        .ifPresent(place -> count("encryption header", place.getLong(0), place.getLong(8)));
  }

  private void walkBitmaps() {
    BitmapDirectory directory;
    try {
      directory = BitmapDirectory.read(image);
    } catch (DiskException broken) {
      findings.corruption(String.valueOf(broken.getMessage()));
      return;
    }
    count("bitmap directory", directory.offset(), directory.bytes());
    for (var bitmap : directory.entries()) {
      count("bitmap table", bitmap.tableOffset(), bitmap.tableSize() * 8L);
      for (long entry : Tables.read(image.file(), bitmap.tableOffset(), bitmap.tableSize())) {
        if ((entry & L2Entry.OFFSET) != 0) {
          count("bitmap", entry & L2Entry.OFFSET, geometry.clusterSize());
        }
      }
    }
  }

  private void walkL1Entry(long entry, boolean active) {
    long l2 = entry & L2Entry.OFFSET;
    if (l2 == 0 || !count("L2 table", l2, geometry.clusterSize())) {
      return;
    }
    if (active) {
      checkFlag("L2 table", entry, l2);
    }
    walkL2(l2, active);
  }

  private void walkL2(long table, boolean active) {
    expectedNext = 0; // as qemu-img counts: a new table is no fragment
    for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
      TableCache.Page page;
      try {
        page = image.l2().page(table + at);
      } catch (DiskException unreadable) {
        findings.corruption("L2 table at 0x%x: %s".formatted(table, unreadable.getMessage()));
        return;
      }
      for (int i = 0; i < geometry.pageSize(); i += geometry.entryBytes()) {
        walkEntry(page.bytes.getLong(i), active);
      }
    }
  }

  private void walkEntry(long entry, boolean active) {
    if ((entry & L2Entry.COMPRESSED) != 0) {
      count(
          "compressed cluster",
          L2Entry.packedOffset(entry, geometry.clusterBits()),
          L2Entry.packedLength(entry, geometry.clusterBits()));
      if (active) {
        allocated++;
        compressed++;
        fragmented++; // as qemu-img counts: a packed cluster never follows another
      }
      return;
    }
    long host = entry & L2Entry.OFFSET;
    boolean named = host != 0 || (image.external() && (entry & L2Entry.COPIED) != 0);
    if (!named) {
      return;
    }
    if (active) {
      allocated++;
      if (expectedNext != 0 && host != expectedNext) {
        fragmented++;
      }
      expectedNext = host + geometry.clusterSize();
    }
    if (image.external()) {
      return; // what lies in a file of its own is counted nowhere
    }
    if (active) {
      checkFlag("data cluster", entry, host);
    }
    count("data cluster", host, geometry.clusterSize());
  }

  private void checkFlag(String what, long entry, long offset) {
    if (!believed || !geometry.aligned(offset)) {
      return;
    }
    long users;
    try {
      users = stored.get(offset >>> geometry.clusterBits());
    } catch (DiskException unreadable) {
      return; // the block itself is reported
    }
    if ((users == 1) != ((entry & L2Entry.COPIED) != 0)) {
      findings.corruption("OFLAG_COPIED %s: entry=%x refcount=%d".formatted(what, entry, users));
    }
  }

  /** Counts a user for all clusters of a range; false if the range cannot be. */
  private boolean count(String what, long offset, long length) {
    if (length <= 0) {
      return true;
    }
    boolean packed = what.startsWith("compressed");
    if (!packed && !geometry.aligned(offset)) {
      findings.corruption("%s at 0x%x is not aligned".formatted(what, offset));
      return false;
    }
    // As QEMU: a last cluster that was never written may lie behind the end, and no more than that.
    long end = geometry.alignUp(image.file().size()) + geometry.clusterSize();
    if (offset < 0 || length > end || offset > end - length) {
      findings.corruption("%s at 0x%x is outside the file".formatted(what, offset));
      return false;
    }
    long last = (offset + length - 1) >>> geometry.clusterBits();
    for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
      counts.add(cluster);
    }
    return true;
  }
}
