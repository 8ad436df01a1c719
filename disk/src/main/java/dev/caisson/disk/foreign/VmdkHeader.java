/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The header of a sparse extent, proven sane. VMware's Virtual Disk Format 5.0
 *
 * @param size of the disk, in bytes
 * @param grain bytes in a grain
 * @param grainsPerTable entries in a grain table
 * @param directory where the directory of tables is, in bytes
 * @param zeroGrains whether an entry of 1 means zeroes
 * @param packed whether grains are compressed, each behind a marker
 */
record VmdkHeader(
    long size, int grain, int grainsPerTable, long directory, boolean zeroGrains, boolean packed) {
  static final int SECTOR = 512;
  private static final int MAGIC = 0x564d_444b; // "KDMV"
  private static final int ZERO_GRAINS = 1 << 2;
  private static final int COMPRESSED = 1 << 16;
  private static final int DEFLATE = 1;
  private static final long AT_END = -1;
  private static final int LARGEST_GRAIN = 2 << 20;
  private static final int MOST_GRAINS = 512;
  private static final int LONGEST_DESCRIPTOR = 64 << 10;

  static VmdkHeader parse(Storage storage) {
    var header = read(storage, 0);
    checkDescriptor(header, storage);
    if (header.getLong(56) == AT_END) {
      // Streams are written front to back, so the header with the places comes last.
      header = read(storage, storage.size() - 2 * SECTOR);
      if (header.getLong(56) == AT_END) {
        throw corrupt(storage, "the footer does not say where the directory is");
      }
    }
    int version = header.getInt(4);
    if (version < 1 || version > 3) {
      throw ForeignDisk.unsupported(storage, DiskFormat.VMDK, "version " + version);
    }
    int flags = header.getInt(8);
    boolean packed = (flags & COMPRESSED) != 0;
    if (packed && header.getShort(77) != DEFLATE) {
      throw ForeignDisk.unsupported(storage, DiskFormat.VMDK, "compression " + header.getShort(77));
    }
    return checked(storage, header, flags, packed);
  }

  private static VmdkHeader checked(Storage storage, ByteBuffer header, int flags, boolean packed) {
    long directory = header.getLong(56);
    long capacity = header.getLong(12);
    long grain = header.getLong(20);
    int perTable = header.getInt(44);
    if (grain < 1 || grain > LARGEST_GRAIN / SECTOR || Long.bitCount(grain) != 1) {
      throw corrupt(storage, "grains of " + grain + " sectors");
    }
    if (perTable < 1 || perTable > MOST_GRAINS) {
      throw corrupt(storage, perTable + " grains in a table");
    }
    if (capacity < 0 || capacity > Long.MAX_VALUE / SECTOR) {
      throw corrupt(storage, "a size of " + capacity + " sectors");
    }
    long perEntry = grain * perTable;
    long tables = capacity / perEntry + (capacity % perEntry == 0 ? 0 : 1);
    if (directory < 1
        || directory > storage.size() / SECTOR
        || tables * 4 > storage.size() - directory * SECTOR) {
      throw corrupt(storage, "the directory is not in the file");
    }
    return new VmdkHeader(
        capacity * SECTOR,
        (int) grain * SECTOR,
        perTable,
        directory * SECTOR,
        (flags & ZERO_GRAINS) != 0,
        packed);
  }

  private static ByteBuffer read(Storage storage, long offset) {
    var header = MetadataPages.read(storage, offset, SECTOR, ByteOrder.LITTLE_ENDIAN);
    if (header.getInt(0) != MAGIC) {
      throw corrupt(
          storage, "no signature: only sparse extents with a descriptor inside are known");
    }
    if (header.getInt(73) != 0x0a0d_200a) {
      throw corrupt(storage, "line ends were changed: the file was copied as text");
    }
    return header;
  }

  /** The text inside may name other files; a disk that stands alone does not. */
  private static void checkDescriptor(ByteBuffer header, Storage storage) {
    long offset = header.getLong(28);
    long length = header.getLong(36);
    if (offset == 0) {
      return;
    }
    if (offset < 1 || length < 1 || offset > storage.size() / SECTOR) {
      throw corrupt(storage, "the descriptor is not in the file");
    }
    int bytes =
        (int)
            Math.min(
                Math.min(length, LONGEST_DESCRIPTOR / SECTOR) * SECTOR,
                storage.size() - offset * SECTOR);
    var raw = MetadataPages.read(storage, offset * SECTOR, bytes, ByteOrder.LITTLE_ENDIAN);
    String text = StandardCharsets.ISO_8859_1.decode(raw).toString();
    for (String line : text.split("\0", 2)[0].split("[\r\n]+")) {
      String plain = line.replace(" ", "").toLowerCase(Locale.ROOT);
      if (plain.startsWith("parentcid=") && !plain.equals("parentcid=ffffffff")) {
        throw ForeignDisk.unsupported(
            storage, DiskFormat.VMDK, "holds only what differs from a base");
      }
    }
  }

  private static DiskException corrupt(Storage storage, String reason) {
    return ForeignDisk.corrupt(storage, DiskFormat.VMDK, reason);
  }
}
