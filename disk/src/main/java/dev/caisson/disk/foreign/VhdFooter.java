/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.UUID;

/**
 * The 512 bytes at the end of a VHD, also found at the start of those with a table.
 *
 * @param size of the disk, in bytes
 * @param type {@link #FIXED}, {@link #DYNAMIC} or {@link #DIFFERENCING}
 * @param next where the header of the table is, if there is one
 * @param id what a child calls this disk
 */
record VhdFooter(long size, int type, long next, UUID id) {
  static final int BYTES = 512;
  static final int FIXED = 2;
  static final int DYNAMIC = 3;
  static final int DIFFERENCING = 4;
  private static final long COOKIE = 0x636f_6e65_6374_6978L; // "conectix"
  private static final long LARGEST_GEOMETRY = 65_535L * 16 * 255;

  /** Programs that mean the size they write; all others mean cylinders, heads and sectors. */
  private static final Set<String> EXACT = Set.of("win ", "qem2", "d2v ", "CTXS", "tap\0");

  static VhdFooter find(Storage storage) {
    if (storage.size() < BYTES) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHD, "shorter than its footer");
    }
    var start = MetadataPages.read(storage, 0, BYTES, ByteOrder.BIG_ENDIAN);
    if (start.getLong(0) == COOKIE) {
      return parse(start, storage);
    }
    long last = storage.size() - BYTES;
    var end = MetadataPages.read(storage, last, BYTES, ByteOrder.BIG_ENDIAN);
    var footer = parse(end, storage);
    if (footer.type == FIXED && footer.size > last) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHD, "the file is shorter than the disk");
    }
    return footer;
  }

  private static VhdFooter parse(ByteBuffer from, Storage storage) {
    if (from.getLong(0) != COOKIE) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHD, "no footer");
    }
    if (from.getInt(64) != checksum(from, 64)) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHD, "the footer's checksum is wrong");
    }
    int type = from.getInt(60);
    if (type != FIXED && type != DYNAMIC && type != DIFFERENCING) {
      throw ForeignDisk.unsupported(storage, DiskFormat.VHD, "type " + type);
    }
    var creator = new byte[4];
    from.get(28, creator);
    long sectors =
        (long) Short.toUnsignedInt(from.getShort(56))
            * Byte.toUnsignedInt(from.get(58))
            * Byte.toUnsignedInt(from.get(59));
    boolean exact =
        EXACT.contains(new String(creator, StandardCharsets.ISO_8859_1))
            || sectors == LARGEST_GEOMETRY;
    long size = exact ? from.getLong(48) / 512 * 512 : sectors * 512;
    if (size < 0) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHD, "a negative size");
    }
    return new VhdFooter(
        size, type, from.getLong(16), new UUID(from.getLong(68), from.getLong(76)));
  }

  /** The complement of the sum of all bytes but the four of the checksum itself. */
  static int checksum(ByteBuffer bytes, int at) {
    int sum = 0;
    for (int i = 0; i < bytes.limit(); i++) {
      sum += i < at || i >= at + 4 ? Byte.toUnsignedInt(bytes.get(i)) : 0;
    }
    return ~sum;
  }
}
