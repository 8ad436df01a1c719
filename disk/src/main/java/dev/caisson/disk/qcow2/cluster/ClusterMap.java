/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import static dev.caisson.disk.DiskException.corrupt;

import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.TableCache;

/**
 * Which guest cluster lies where: looks up and changes L2 entries. Looking needs the gate shared,
 * changing needs it exclusively.
 */
public final class ClusterMap {
  private final Image image;
  private final Geometry geometry;
  private final boolean zeroFlag;

  public ClusterMap(Image image) {
    this.image = image;
    this.geometry = image.geometry();
    this.zeroFlag = image.header().version() >= 3 && !geometry.extended();
  }

  /** An L2 entry and where it stands. */
  public record Slot(TableCache.Page page, int at, long entry, long bitmap) {}

  /**
   * The run that starts at {@code offset}.
   *
   * @param most 1 or more; the run may be shorter than the disk could tell
   */
  public Run find(long offset, long most) {
    int l1Index = (int) (offset >>> geometry.l1Shift());
    long table = image.l2Table(l1Index);
    if (table == 0) {
      long end = (l1Index + 1L) << geometry.l1Shift();
      return new Run(Run.Kind.ABSENT, Math.min(most, end - offset), Run.NOWHERE, 0, false);
    }
    int inTable = entryInTable(offset);
    var page = page(table, inTable);
    return runIn(page, inTable & (entriesPerPage() - 1), offset, most);
  }

  private int entryInTable(long offset) {
    return (int) (offset >>> geometry.clusterBits()) & ((1 << geometry.l2Bits()) - 1);
  }

  private int entriesPerPage() {
    return geometry.pageSize() / geometry.entryBytes();
  }

  private TableCache.Page page(long table, int inTable) {
    long pageInTable = (long) inTable * geometry.entryBytes() & -geometry.pageSize();
    return image.l2().page(table + pageInTable);
  }

  private Run runIn(TableCache.Page page, int first, long offset, long most) {
    int unit = (int) (offset >>> geometry.unitBits()) & (geometry.unitsPerCluster() - 1);
    long inCluster = offset & (geometry.clusterSize() - 1);
    long entry = entry(page, first);
    var kind = kind(page, first, entry, unit);
    long host = entry & L2Entry.OFFSET;
    long length = geometry.unitSize() - (offset & (geometry.unitSize() - 1));
    if (kind == Run.Kind.COMPRESSED) {
      return new Run(
          kind,
          Math.min(most, geometry.clusterSize() - inCluster),
          L2Entry.packedOffset(entry, geometry.clusterBits()),
          L2Entry.packedLength(entry, geometry.clusterBits()),
          false);
    }
    boolean stored = kind == Run.Kind.DATA;
    if (stored && !geometry.aligned(host)) {
      throw corrupt(
          image.name(), "cluster of offset %d at 0x%x is not aligned".formatted(offset, host));
    }
    boolean placed = hasHost(entry); // of zeroes too: their cluster may be kept for later
    boolean copied = (entry & L2Entry.COPIED) != 0;
    int units = geometry.unitsPerCluster();
    for (int at = first; length < most; ) {
      if (++unit == units) {
        unit = 0;
        if (++at == entriesPerPage()) {
          break;
        }
        long next = entry(page, at);
        boolean follows =
            (next & L2Entry.OFFSET) == host + ((long) (at - first) << geometry.clusterBits())
                && (next & L2Entry.COPIED) != 0 == copied;
        if (placed ? !follows : hasHost(next)) {
          break;
        }
        entry = next;
      }
      if (kind(page, at, entry, unit) != kind) {
        break;
      }
      length += geometry.unitSize();
    }
    return new Run(
        kind, Math.min(length, most), placed ? host + inCluster : Run.NOWHERE, 0, stored && copied);
  }

  private long entry(TableCache.Page page, int index) {
    return page.bytes.getLong(index * geometry.entryBytes());
  }

  private Run.Kind kind(TableCache.Page page, int index, long entry, int unit) {
    if ((entry & L2Entry.COMPRESSED) != 0) {
      return Run.Kind.COMPRESSED;
    }
    if (!geometry.extended()) {
      if (zeroFlag && (entry & L2Entry.ZERO) != 0) {
        return Run.Kind.ZERO;
      }
      return hasHost(entry) ? Run.Kind.DATA : Run.Kind.ABSENT;
    }
    long bitmap = page.bytes.getLong(index * 16 + 8);
    boolean zero = (bitmap >>> (32 + unit) & 1) != 0;
    boolean stored = (bitmap >>> unit & 1) != 0;
    if (stored && (zero || !hasHost(entry))) {
      throw corrupt(
          image.name(), "invalid subclusters 0x%x of L2 entry 0x%x".formatted(bitmap, entry));
    }
    return zero ? Run.Kind.ZERO : stored ? Run.Kind.DATA : Run.Kind.ABSENT;
  }

  /** Offset 0 holds the header, so means "none", except in a data file of its own. */
  boolean hasHost(long entry) {
    return (entry & L2Entry.OFFSET) != 0 || (image.external() && (entry & L2Entry.COPIED) != 0);
  }

  // Changing.

  /** The entry for a guest offset, in a table that is ours to change. */
  public Slot slot(long offset) {
    int l1Index = (int) (offset >>> geometry.l1Shift());
    long table = image.l2Table(l1Index);
    if (table == 0) {
      table = newTable(l1Index);
    } else if ((image.l1(l1Index) & L2Entry.COPIED) == 0) {
      table = copyTable(l1Index, table);
    }
    int inTable = entryInTable(offset);
    var page = page(table, inTable);
    int at = (inTable & (entriesPerPage() - 1)) * geometry.entryBytes();
    return new Slot(
        page, at, page.bytes.getLong(at), geometry.extended() ? page.bytes.getLong(at + 8) : 0);
  }

  private long newTable(int l1Index) {
    long table = image.allocator().allocate(1);
    image.metadata().add(table >>> geometry.clusterBits());
    for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
      image.l2().fresh(table + at);
    }
    image.setL1(l1Index, table | L2Entry.COPIED);
    return table;
  }

  /** A snapshot uses the table too: we take a copy. Its clusters count both users already. */
  private long copyTable(int l1Index, long shared) {
    long table = newTable(l1Index);
    for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
      var from = image.l2().page(shared + at).bytes;
      image.l2().page(table + at).bytes.put(0, from, 0, geometry.pageSize());
    }
    image.metadata().remove(shared >>> geometry.clusterBits());
    image.allocator().free(shared, geometry.clusterSize());
    return table;
  }

  /** Entries of the same page, from this slot on. */
  public int following(Slot slot) {
    return (geometry.pageSize() - slot.at) / geometry.entryBytes();
  }

  /** The slot {@code count} clusters further on in the same page. */
  public Slot next(Slot slot, int count) {
    int at = slot.at + count * geometry.entryBytes();
    return new Slot(
        slot.page,
        at,
        slot.page.bytes.getLong(at),
        geometry.extended() ? slot.page.bytes.getLong(at + 8) : 0);
  }

  /** Stores an entry; the cluster the old one named is freed if the new one does not name it. */
  public void set(Slot slot, long entry, long bitmap) {
    slot.page.bytes.putLong(slot.at, entry);
    if (geometry.extended()) {
      slot.page.bytes.putLong(slot.at + 8, bitmap);
    }
    image.l2().changed(slot.page, slot.at, slot.at + geometry.entryBytes());
    freeOld(slot.entry, entry);
  }

  private void freeOld(long old, long entry) {
    if ((old & L2Entry.COMPRESSED) != 0) {
      image
          .allocator()
          .free(
              L2Entry.packedOffset(old, geometry.clusterBits()),
              L2Entry.packedLength(old, geometry.clusterBits()));
      return;
    }
    long host = old & L2Entry.OFFSET;
    boolean kept = host == (entry & L2Entry.OFFSET) && (entry & L2Entry.COMPRESSED) == 0;
    if (host != 0 && !kept && !image.external()) {
      image.allocator().free(host, geometry.clusterSize());
    }
  }
}
