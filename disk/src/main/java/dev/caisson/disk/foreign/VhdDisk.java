/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Layered;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Virtual PC's and Hyper-V's older format. Microsoft's VHD Image Format Specification, 2006 */
public final class VhdDisk extends ForeignDisk implements Layered {
  private static final int SECTOR = 512;
  private static final int HEADER = 1024;
  private static final long COOKIE = 0x6378_7370_6172_7365L; // "cxsparse"
  private static final long ABSENT = 0xffff_ffffL;
  private static final int LARGEST_BLOCK = 256 << 20;

  private final VhdFooter footer;
  private final Optional<Table> table;
  private final Optional<Disk> base;
  private final MetadataPages pages;

  private VhdDisk(Storage storage, VhdFooter footer, Optional<Table> table, Optional<Disk> base) {
    super(storage, DiskFormat.VHD);
    this.footer = footer;
    this.table = table;
    this.base = base;
    this.pages = new MetadataPages(storage, ByteOrder.BIG_ENDIAN);
  }

  /** Opens a fixed or dynamic disk. */
  public static VhdDisk open(Storage storage) {
    var footer = VhdFooter.find(storage);
    if (footer.type() == VhdFooter.DIFFERENCING) {
      throw unsupported(
          storage,
          DiskFormat.VHD,
          "holds only what differs from '"
              + Table.parse(storage, footer).baseName()
              + "'; open it with that base");
    }
    return open(storage, footer, Optional.empty());
  }

  /**
   * Opens a differencing disk on the base that its opener chose: the name in the file is never
   * followed. Closing the disk closes the base.
   *
   * @throws DiskException CONFLICT if the base is another disk than the one this was made from
   */
  public static VhdDisk open(Storage storage, Disk base) {
    var footer = VhdFooter.find(storage);
    if (footer.type() != VhdFooter.DIFFERENCING) {
      throw corrupt(storage, DiskFormat.VHD, "stands alone, and needs no base");
    }
    var disk = open(storage, footer, Optional.of(base));
    if (base instanceof VhdDisk vhd && !vhd.footer.id().equals(disk.table.orElseThrow().baseId())) {
      throw new DiskException(
          DiskException.Kind.CONFLICT, storage.name() + ": was made from another base than this");
    }
    return disk;
  }

  private static VhdDisk open(Storage storage, VhdFooter footer, Optional<Disk> base) {
    var table =
        footer.type() == VhdFooter.FIXED
            ? Optional.<Table>empty()
            : Optional.of(Table.parse(storage, footer));
    return new VhdDisk(storage, footer, table, base);
  }

  /** Where the block table is, and what it is about. */
  private record Table(long offset, int block, UUID baseId, String baseName) {
    static Table parse(Storage storage, VhdFooter footer) {
      var from = MetadataPages.read(storage, footer.next(), HEADER, ByteOrder.BIG_ENDIAN);
      if (from.getLong(0) != COOKIE) {
        throw corrupt(storage, DiskFormat.VHD, "no header of the block table");
      }
      if (from.getInt(36) != VhdFooter.checksum(from, 36)) {
        throw corrupt(storage, DiskFormat.VHD, "the table header's checksum is wrong");
      }
      long offset = from.getLong(16);
      long entries = Integer.toUnsignedLong(from.getInt(28));
      int block = from.getInt(32);
      if (block < SECTOR || block > LARGEST_BLOCK || Integer.bitCount(block) != 1) {
        throw corrupt(storage, DiskFormat.VHD, "blocks of " + block + " bytes");
      }
      if (footer.size() > entries * block) {
        throw corrupt(storage, DiskFormat.VHD, entries + " blocks for " + footer.size() + " bytes");
      }
      if (offset < 0 || offset % 4 != 0 || entries * 4 > storage.size() - offset) {
        throw corrupt(storage, DiskFormat.VHD, "the block table is cut off");
      }
      var name = new byte[512];
      from.get(64, name);
      String text = new String(name, StandardCharsets.UTF_16BE);
      int end = text.indexOf('\0');
      return new Table(
          offset,
          block,
          new UUID(from.getLong(40), from.getLong(48)),
          (end < 0 ? text : text.substring(0, end)).replaceAll("\\p{Cntrl}", "?"));
    }

    /** Bytes of the sector bitmap before each block, whole sectors. */
    int bitmap() {
      return (block / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
    }
  }

  @Override
  public long size() {
    return footer.size();
  }

  @Override
  Extent locate(long offset, long length) {
    if (table.isEmpty()) {
      return stored(offset, length, offset);
    }
    var blocks = table.get();
    long within = offset % blocks.block();
    long run = Math.min(length, blocks.block() - within);
    long sector = pages.intAt(blocks.offset() + offset / blocks.block() * 4);
    if (sector == ABSENT) {
      return absent(offset, run);
    }
    long start = sector * SECTOR;
    if (base.isEmpty()) {
      return stored(offset, run, start + blocks.bitmap() + within);
    }
    boolean here = marked(start, within);
    long same = SECTOR - within % SECTOR;
    while (same < run && marked(start, within + same) == here) {
      same += SECTOR;
    }
    run = Math.min(run, same);
    return here ? stored(offset, run, start + blocks.bitmap() + within) : absent(offset, run);
  }

  /** Whether the sector's bit says that it is in this file; most significant bit first. */
  private boolean marked(long bitmap, long within) {
    long sector = within / SECTOR;
    return (pages.byteAt(bitmap + sector / 8) & 0x80 >> (int) (sector % 8)) != 0;
  }

  private Extent absent(long offset, long length) {
    if (base.isEmpty() || offset >= base.get().size()) {
      return new Extent(offset, length, Extent.Kind.HOLE, 0, -1);
    }
    long run = Math.min(length, base.get().size() - offset);
    var below = base.get().extent(offset, run);
    return new Extent(offset, below.length(), below.kind(), below.depth() + 1, -1);
  }

  @Override
  void readBase(Extent run, ByteBuffer target) {
    base.orElseThrow().read(run.offset(), target);
  }

  @Override
  public Optional<String> baseName() {
    return base.isEmpty() ? Optional.empty() : table.map(Table::baseName);
  }

  @Override
  public List<String> chain() {
    var files = new ArrayList<>(List.of(storage().name()));
    if (base.isPresent()) {
      files.addAll(
          base.get() instanceof Layered layered
              ? layered.chain()
              : List.of(table.orElseThrow().baseName()));
    }
    return files;
  }

  @Override
  public void close() {
    super.close();
    base.ifPresent(Disk::close);
  }
}
