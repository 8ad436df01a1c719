/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Extent;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteOrder;

/** Hyper-V's newer format: one table of blocks, metadata under checksums, and a log. [MS-VHDX] */
public final class VhdxDisk extends ForeignDisk {
  private static final int STATE = 7;
  private static final int ABSENT = 0;
  private static final int UNDEFINED = 1;
  private static final int ZERO = 2;
  private static final int UNMAPPED = 3;
  private static final int PRESENT = 6;
  private static final long PLACE = -1L << 20;

  private final VhdxHeader header;
  private final MetadataPages pages;

  private VhdxDisk(Storage storage, VhdxHeader header) {
    super(storage, DiskFormat.VHDX);
    this.header = header;
    this.pages = new MetadataPages(storage, ByteOrder.LITTLE_ENDIAN);
  }

  /** Opens a disk that stands alone; a log left by a crash is applied in memory. */
  public static VhdxDisk open(Storage storage) {
    var logged = VhdxHeader.start(storage).logged();
    var whole = logged.map(place -> VhdxLog.applied(storage, place)).orElse(storage);
    return new VhdxDisk(whole, VhdxHeader.parse(whole));
  }

  @Override
  public long size() {
    return header.size();
  }

  @Override
  Extent locate(long offset, long length) {
    long block = offset / header.block();
    long within = offset % header.block();
    long run = Math.min(length, header.block() - within);
    long entry = pages.longAt(header.table() + header.entry(block) * 8);
    return switch ((int) entry & STATE) {
      case ABSENT, UNDEFINED, UNMAPPED -> new Extent(offset, run, Extent.Kind.HOLE, 0, -1);
      case ZERO -> new Extent(offset, run, Extent.Kind.ZERO, 0, -1);
      case PRESENT -> stored(offset, run, (entry & PLACE) + within);
      default -> throw corrupt("block " + block + " is in state " + (entry & STATE));
    };
  }
}
