/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Extent;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** VirtualBox's format: one table of blocks. Layout as in VirtualBox's VDICore.h */
public final class VdiDisk extends ForeignDisk {
  private static final int HEADER = 0x1c8;
  private static final int SIGNATURE = 0xbeda107f;
  private static final int VERSION_1_1 = 0x0001_0001;
  private static final int DYNAMIC = 1;
  private static final int STATIC = 2;
  private static final long FREE = 0xffff_ffffL;
  private static final long ZEROED = 0xffff_fffeL;
  private static final int SMALLEST_BLOCK = 4 << 10;
  private static final int LARGEST_BLOCK = 64 << 20;

  private final Header header;
  private final MetadataPages pages;

  private VdiDisk(Storage storage, Header header) {
    super(storage, DiskFormat.VDI);
    this.header = header;
    this.pages = new MetadataPages(storage, ByteOrder.LITTLE_ENDIAN);
  }

  /** Opens a dynamic or static disk that stands alone. */
  public static VdiDisk open(Storage storage) {
    return new VdiDisk(storage, Header.parse(storage));
  }

  /** The fixed part, proven sane. */
  private record Header(long table, long data, long size, int block) {
    static Header parse(Storage storage) {
      var from = MetadataPages.read(storage, 0, HEADER, ByteOrder.LITTLE_ENDIAN);
      if (from.getInt(0x40) != SIGNATURE) {
        throw corrupt(storage, DiskFormat.VDI, "no signature");
      }
      if (from.getInt(0x44) != VERSION_1_1) {
        throw unsupported(
            storage, DiskFormat.VDI, "version 0x" + Integer.toHexString(from.getInt(0x44)));
      }
      int type = from.getInt(0x4c);
      if ((type != DYNAMIC && type != STATIC) || !zero(from, 0x1a8, 32)) {
        throw unsupported(storage, DiskFormat.VDI, "type " + type + ", which needs a base");
      }
      long table = Integer.toUnsignedLong(from.getInt(0x154));
      long data = Integer.toUnsignedLong(from.getInt(0x158));
      long size = from.getLong(0x170);
      int block = from.getInt(0x178);
      long blocks = Integer.toUnsignedLong(from.getInt(0x180));
      if (block < SMALLEST_BLOCK || block > LARGEST_BLOCK || Integer.bitCount(block) != 1) {
        throw corrupt(storage, DiskFormat.VDI, "blocks of " + block + " bytes");
      }
      if (from.getInt(0x17c) != 0) {
        throw unsupported(storage, DiskFormat.VDI, "extra data before each block");
      }
      if (size < 0 || size > blocks * block) {
        throw corrupt(storage, DiskFormat.VDI, blocks + " blocks for " + size + " bytes");
      }
      if (table % 512 != 0 || data % 512 != 0 || table < HEADER) {
        throw corrupt(storage, DiskFormat.VDI, "table or data not at a sector");
      }
      long used = (size + block - 1) / block;
      if (used * 4 > storage.size() - table) {
        throw corrupt(storage, DiskFormat.VDI, "the block table is cut off");
      }
      return new Header(table, data, size, block);
    }

    private static boolean zero(ByteBuffer from, int offset, int length) {
      for (int i = 0; i < length; i++) {
        if (from.get(offset + i) != 0) {
          return false;
        }
      }
      return true;
    }
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
    long entry = pages.intAt(header.table() + block * 4);
    if (entry == FREE) {
      return new Extent(offset, run, Extent.Kind.HOLE, 0, -1);
    }
    if (entry == ZEROED) {
      return new Extent(offset, run, Extent.Kind.ZERO, 0, -1);
    }
    return stored(offset, run, header.data() + entry * header.block() + within);
  }
}
