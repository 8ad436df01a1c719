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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What the headers, the region table and the metadata of a VHDX say, proven sane. [MS-VHDX] 2.2 to
 * 2.6
 *
 * @param size of the disk, in bytes
 * @param block bytes in a block
 * @param sector bytes in a logical sector
 * @param table where the block table is
 */
record VhdxHeader(long size, int block, int sector, long table) {
  private static final long FILE = 0x656c_6966_7864_6876L; // "vhdxfile", little endian
  private static final int HEAD = 0x6461_6568; // "head"
  private static final int REGIONS = 0x6967_6572; // "regi"
  private static final long METADATA = 0x6174_6164_6174_656dL; // "metadata"
  private static final int HEADER_BYTES = 4 << 10;
  private static final int REGION_BYTES = 64 << 10;
  private static final int MOST_ENTRIES = 2047;
  private static final int HAS_BASE = 2;
  private static final long LARGEST = 64L << 40;
  private static final Set<UUID> KNOWN_ITEMS =
      Set.of(
          VhdxGuid.FILE_PARAMETERS,
          VhdxGuid.DISK_SIZE,
          VhdxGuid.SECTOR_SIZE,
          VhdxGuid.PHYSICAL_SECTOR,
          VhdxGuid.DISK_ID,
          VhdxGuid.BASE_LOCATOR);

  /** What the newer valid one of the two headers says of the log. */
  record Start(UUID log, long logOffset, int logLength) {
    /** The log that must be applied before the rest can be believed, if any. */
    Optional<VhdxLog.Place> logged() {
      return log.equals(VhdxGuid.NONE)
          ? Optional.empty()
          : Optional.of(new VhdxLog.Place(log, logOffset, logLength));
    }
  }

  static Start start(Storage storage) {
    var file = MetadataPages.read(storage, 0, 8, ByteOrder.LITTLE_ENDIAN);
    if (file.getLong(0) != FILE) {
      throw corrupt(storage, "no signature");
    }
    ByteBuffer best = null;
    for (long offset : new long[] {64 << 10, 128 << 10}) {
      var header = valid(storage, offset, HEADER_BYTES, HEAD);
      if (header.isPresent()
          && (best == null || Long.compareUnsigned(header.get().getLong(8), best.getLong(8)) > 0)) {
        best = header.get();
      }
    }
    if (best == null) {
      throw corrupt(storage, "neither header is valid");
    }
    if (best.getShort(66) != 1) {
      throw ForeignDisk.unsupported(storage, DiskFormat.VHDX, "version " + best.getShort(66));
    }
    return new Start(VhdxGuid.read(best, 48), best.getLong(72), best.getInt(68));
  }

  /** Reads the rest, from a file whose log is applied. */
  static VhdxHeader parse(Storage storage) {
    var regions =
        valid(storage, 192 << 10, REGION_BYTES, REGIONS)
            .or(() -> valid(storage, 256 << 10, REGION_BYTES, REGIONS))
            .orElseThrow(() -> corrupt(storage, "neither region table is valid"));
    int count = regions.getInt(8);
    if (count < 0 || count > MOST_ENTRIES) {
      throw corrupt(storage, count + " regions");
    }
    Region table = null;
    Region metadata = null;
    for (int i = 0; i < count; i++) {
      int at = 16 + i * 32;
      var id = VhdxGuid.read(regions, at);
      var region =
          new Region(regions.getLong(at + 16), Integer.toUnsignedLong(regions.getInt(at + 24)));
      if (id.equals(VhdxGuid.BLOCK_TABLE)) {
        table = region;
      } else if (id.equals(VhdxGuid.METADATA)) {
        metadata = region;
      } else if ((regions.getInt(at + 28) & 1) != 0) {
        throw ForeignDisk.unsupported(storage, DiskFormat.VHDX, "an unknown region that it needs");
      }
    }
    if (table == null || metadata == null) {
      throw corrupt(storage, "no block table or no metadata");
    }
    table.check(storage);
    metadata.check(storage);
    return metadata(storage, metadata, table);
  }

  private record Region(long offset, long length) {
    void check(Storage storage) {
      if (offset < 1 << 20 || offset % (1 << 20) != 0 || length > storage.size() - offset) {
        throw corrupt(storage, "a region at " + offset + " is not in the file");
      }
    }
  }

  private static VhdxHeader metadata(Storage storage, Region region, Region table) {
    if (region.length() < REGION_BYTES) {
      throw corrupt(storage, "the metadata is cut off");
    }
    var bytes = MetadataPages.read(storage, region.offset(), REGION_BYTES, ByteOrder.LITTLE_ENDIAN);
    int count = Short.toUnsignedInt(bytes.getShort(10));
    if (bytes.getLong(0) != METADATA || count > MOST_ENTRIES) {
      throw corrupt(storage, "no metadata");
    }
    Map<UUID, ByteBuffer> items = new HashMap<>();
    for (int i = 0; i < count; i++) {
      int at = 32 + i * 32;
      var id = VhdxGuid.read(bytes, at);
      if (KNOWN_ITEMS.contains(id)) {
        long offset = Integer.toUnsignedLong(bytes.getInt(at + 16));
        if (offset > region.length() - 8) {
          throw corrupt(storage, "a metadata item is outside its region");
        }
        items.put(
            id, MetadataPages.read(storage, region.offset() + offset, 8, ByteOrder.LITTLE_ENDIAN));
      } else if ((bytes.getInt(at + 24) & 4) != 0) {
        throw ForeignDisk.unsupported(storage, DiskFormat.VHDX, "unknown metadata that it needs");
      }
    }
    var parameters = item(items, VhdxGuid.FILE_PARAMETERS, storage);
    int block = parameters.getInt(0);
    long size = item(items, VhdxGuid.DISK_SIZE, storage).getLong(0);
    int sector = item(items, VhdxGuid.SECTOR_SIZE, storage).getInt(0);
    if ((parameters.getInt(4) & HAS_BASE) != 0) {
      throw ForeignDisk.unsupported(
          storage, DiskFormat.VHDX, "holds only what differs from a base");
    }
    if (block < 1 << 20 || block > 256 << 20 || Integer.bitCount(block) != 1) {
      throw corrupt(storage, "blocks of " + block + " bytes");
    }
    if (sector != 512 && sector != 4096) {
      throw corrupt(storage, "sectors of " + sector + " bytes");
    }
    if (size < 0 || size > LARGEST || size % sector != 0) {
      throw corrupt(storage, "a size of " + size + " bytes");
    }
    var header = new VhdxHeader(size, block, sector, table.offset());
    long blocks = (size + block - 1) / block;
    if (blocks > 0 && header.entry(blocks - 1) * 8 + 8 > table.length()) {
      throw corrupt(storage, "the block table is too short for " + size + " bytes");
    }
    return header;
  }

  /** The table's index of a block: after every so many comes an entry for a bitmap of sectors. */
  long entry(long blockNumber) {
    long ratio = (1L << 23) * sector / block;
    return blockNumber + blockNumber / ratio;
  }

  private static ByteBuffer item(Map<UUID, ByteBuffer> items, UUID id, Storage storage) {
    var item = items.get(id);
    if (item == null) {
      throw corrupt(storage, "metadata " + id + " is missing");
    }
    return item;
  }

  /** Bytes with the right signature and checksum, or nothing. */
  static Optional<ByteBuffer> valid(Storage storage, long offset, int length, int signature) {
    if (offset < 0 || offset > storage.size() - length) {
      return Optional.empty();
    }
    var bytes = MetadataPages.read(storage, offset, length, ByteOrder.LITTLE_ENDIAN);
    return bytes.getInt(0) == signature && bytes.getInt(4) == checksum(bytes)
        ? Optional.of(bytes)
        : Optional.empty();
  }

  /** CRC-32C over all, with the checksum's own field as zero. */
  static int checksum(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.slice(0, 4));
    crc.update(new byte[4]);
    crc.update(bytes.slice(8, bytes.limit() - 8));
    return (int) crc.getValue();
  }

  private static DiskException corrupt(Storage storage, String reason) {
    return ForeignDisk.corrupt(storage, DiskFormat.VHDX, reason);
  }
}
