/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.FirstCluster;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.format.SnapshotTable;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;
import java.util.List;

/** Makes an image say only what version 2 can say. */
final class Downgrade {
  private static final int PIECE = 1 << 20;

  private final Image image;

  Downgrade(Image image) {
    this.image = image;
  }

  /**
   * @throws DiskException UNSUPPORTED, before anything is changed
   */
  void check() {
    var header = image.header();
    refuse(header.refcountOrder() != Header.REFCOUNT_ORDER_OF_2, "refcounts of other than 16 bits");
    refuse(image.external(), "an external data file");
    refuse(
        (header.incompatible() & ~(Features.DIRTY | Features.CORRUPT)) != 0, "subclusters or zstd");
    for (var snapshot : SnapshotTable.read(image.file(), header).entries()) {
      refuse(
          snapshot.stateSize() > 0xffff_ffffL || snapshot.diskSize(header.size()) != header.size(),
          "a snapshot of another size");
      refuse(
          hasZeroes(snapshot),
          "zero clusters in the snapshot '%s'; delete that first".formatted(snapshot.name()));
    }
  }

  private void refuse(boolean holds, String what) {
    if (holds) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "%s: version 2 (compat=0.10) cannot have %s".formatted(image.name(), what));
    }
  }

  private boolean hasZeroes(SnapshotTable.Entry snapshot) {
    for (long entry : Tables.read(image.file(), snapshot.l1Offset(), snapshot.l1Size())) {
      long table = entry & L2Entry.OFFSET;
      if (table != 0 && hasZeroes(table)) {
        return true;
      }
    }
    return false;
  }

  private boolean hasZeroes(long table) {
    int entries = image.geometry().clusterSize() / Long.BYTES;
    for (long entry : Tables.read(image.file(), table, entries)) {
      if ((entry & L2Entry.COMPRESSED) == 0 && (entry & L2Entry.ZERO) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Gives zero clusters bytes, or lets them go where no base shows through. */
  void expand(Qcow2Disk disk) {
    boolean based = image.first().backing().isPresent();
    for (long at = 0; at < disk.size(); ) {
      var own = disk.own(at, Math.min(PIECE, disk.size() - at));
      if (own.kind() == Extent.Kind.ZERO && based) {
        disk.write(at, ByteBuffer.allocate((int) own.length()));
      } else if (own.kind() == Extent.Kind.ZERO) {
        disk.unmap(at, own.end());
      }
      at = own.end();
    }
  }

  /** The first cluster with a header of version 2. */
  static FirstCluster first(FirstCluster of) {
    var plain = new FirstCluster(of.header().downgraded(), new byte[0], List.of(), of.backing());
    for (var kept : of.extensions()) {
      if (kept.type() != HeaderExtension.FEATURE_NAMES) {
        plain = plain.withExtension(kept.type(), kept.data());
      }
    }
    return plain;
  }
}
