/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.SnapshotTable;

/** Collects the clusters of all metadata, and finds those claimed twice. */
final class MetadataSurvey {
  /** Bounds time and heap for hostile files; no real bitmaps come near. */
  private static final long MOST_BITMAP_CLUSTERS = 1 << 20;

  /** Of an encryption header; LUKS1 needs 2 MiB. */
  private static final long MOST_KEY_BYTES = 16 << 20;

  private final Image image;
  private final MetadataClusters found = new MetadataClusters();

  private MetadataSurvey(Image image) {
    this.image = image;
  }

  /**
   * @throws dev.caisson.disk.DiskException CORRUPT when two tables share a cluster
   */
  static MetadataClusters of(Image image, Refcounts refcounts) {
    var survey = new MetadataSurvey(image);
    var geometry = image.geometry();
    var header = image.header();
    survey.claim("header", 0, 1);
    survey.claim("L1 table", header.l1Offset(), geometry.clusters(header.l1Size() * 8L));
    survey.claim("refcount table", header.refcountTableOffset(), header.refcountTableClusters());
    for (int i = 0; i < refcounts.tableLength(); i++) {
      survey.claim("refcount block " + i, refcounts.blockOffset(i), 1);
    }
    for (int i = 0; i < image.l1Length(); i++) {
      survey.claim("L2 table " + i, image.l2Table(i), 1);
    }
    var snapshots = SnapshotTable.read(image.file(), header);
    survey.claim("snapshot table", header.snapshotsOffset(), geometry.clusters(snapshots.bytes()));
    for (var snapshot : snapshots.entries()) {
      survey.claim(
          "L1 table of snapshot " + snapshot.id(),
          snapshot.l1Offset(),
          geometry.clusters(snapshot.l1Size() * 8L));
    }
    survey.claimBitmaps();
    survey.claimEncryptionHeader();
    return survey.found;
  }

  private void claimBitmaps() {
    var geometry = image.geometry();
    BitmapDirectory directory;
    try {
      directory = BitmapDirectory.read(image);
    } catch (DiskException junk) {
      return; // Only a repair opens such an image; nobody can use those bitmaps.
    }
    claim("bitmap directory", directory.offset(), geometry.clusters(directory.bytes()));
    long claimed = 0;
    for (var entry : directory.entries()) {
      long clusters = geometry.clusters(entry.tableSize() * 8L);
      claimed += clusters;
      if (claimed > MOST_BITMAP_CLUSTERS) {
        throw DiskException.corrupt(image.name(), "bitmap tables of absurd size");
      }
      claim("table of bitmap " + entry.name(), entry.tableOffset(), clusters);
    }
  }

  private void claimEncryptionHeader() {
    image
        .encryptionHeader()
        .ifPresent(place ->
            claim(
                "encryption header",
                place.offset(),
                image.geometry().clusters(Math.min(place.length(), MOST_KEY_BYTES))));
  }

  private void claim(String what, long offset, long clusters) {
    if (offset == 0 && !what.equals("header")) {
      return;
    }
    long first = offset >>> image.geometry().clusterBits();
    for (long cluster = first; cluster < first + clusters; cluster++) {
      if (!found.add(cluster)) {
        throw image.markCorrupt("%s at 0x%x overlaps other metadata".formatted(what, offset));
      }
    }
  }
}
