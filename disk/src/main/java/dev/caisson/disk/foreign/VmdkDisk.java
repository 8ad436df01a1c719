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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * VMware's format, as one file: sparse, or packed as a stream. Tables of grains, and a directory of
 * tables.
 */
public final class VmdkDisk extends ForeignDisk {
  private static final int MARKER = 12;
  private static final int KEPT = 8;

  private final VmdkHeader header;
  private final MetadataPages pages;

  /** Grains unpacked last, by offset on the disk: reads are often smaller than a grain. */
  private final Map<Long, byte[]> unpacked =
      new LinkedHashMap<>(KEPT, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
          return size() > KEPT;
        }
      };

  private VmdkDisk(Storage storage, VmdkHeader header) {
    super(storage, DiskFormat.VMDK);
    this.header = header;
    this.pages = new MetadataPages(storage, ByteOrder.LITTLE_ENDIAN);
  }

  /** Opens a monolithicSparse or streamOptimized disk that stands alone. */
  public static VmdkDisk open(Storage storage) {
    return new VmdkDisk(storage, VmdkHeader.parse(storage));
  }

  @Override
  public long size() {
    return header.size();
  }

  @Override
  Extent locate(long offset, long length) {
    long within = offset % header.grain();
    long run = Math.min(length, header.grain() - within);
    long sector = grainSector(offset);
    if (sector == 0) {
      return new Extent(offset, run, Extent.Kind.HOLE, 0, -1);
    }
    if (sector == 1 && header.zeroGrains()) {
      return new Extent(offset, run, Extent.Kind.ZERO, 0, -1);
    }
    return header.packed()
        ? new Extent(offset, run, Extent.Kind.COMPRESSED, 0, -1)
        : stored(offset, run, sector * VmdkHeader.SECTOR + within);
  }

  private long grainSector(long offset) {
    long grain = offset / header.grain();
    long table = pages.intAt(header.directory() + grain / header.grainsPerTable() * 4);
    if (table == 0) {
      return 0;
    }
    return pages.intAt(table * VmdkHeader.SECTOR + grain % header.grainsPerTable() * 4);
  }

  @Override
  void unpack(Extent run, ByteBuffer target) {
    int within = (int) (run.offset() % header.grain());
    target.put(grain(run.offset() - within), within, target.remaining());
  }

  private byte[] grain(long start) {
    synchronized (unpacked) {
      var kept = unpacked.get(start);
      if (kept != null) {
        return kept;
      }
    }
    var grain = unpack(start);
    synchronized (unpacked) {
      unpacked.put(start, grain);
    }
    return grain;
  }

  private byte[] unpack(long start) {
    long place = grainSector(start) * VmdkHeader.SECTOR;
    var marker = MetadataPages.read(storage(), place, MARKER, ByteOrder.LITTLE_ENDIAN);
    if (marker.getLong(0) != start / VmdkHeader.SECTOR) {
      throw corrupt("the grain at byte " + start + " is marked as another");
    }
    int length = marker.getInt(8);
    if (length < 1 || length > 2 * header.grain() + VmdkHeader.SECTOR) {
      throw corrupt("a packed grain of " + Integer.toUnsignedString(length) + " bytes");
    }
    var packed = MetadataPages.read(storage(), place + MARKER, length, ByteOrder.LITTLE_ENDIAN);
    var grain = new byte[header.grain()];
    try (var inflater = new Inflater()) {
      inflater.setInput(packed);
      int count = inflater.inflate(grain);
      // The disk's last grain may be short; what is missing elsewhere was lost.
      if (count < Math.min(grain.length, size() - start)) {
        throw corrupt("the grain at byte " + start + " unpacks to " + count + " bytes only");
      }
      return grain;
    } catch (DataFormatException broken) {
      throw corrupt("the grain at byte " + start + " cannot be unpacked");
    }
  }
}
