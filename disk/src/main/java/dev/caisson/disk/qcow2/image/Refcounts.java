/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import static dev.caisson.disk.DiskException.corrupt;

import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * How many users each cluster of the file has. Counts are read and changed through a cache; new
 * blocks and tables describe themselves, so that a kill at any moment leaks clusters at worst.
 *
 * <p>Not safe for several threads: the image's exclusive lock guards it.
 */
public final class Refcounts {
  private static final long OFFSET_MASK = 0xffff_ffff_ffff_fe00L;

  private final Storage storage;
  private final Geometry geometry;
  private final int order;
  private final TableCache blocks;
  private long tableOffset;
  private long[] table;

  public Refcounts(Storage storage, Header header, long cacheBytes) {
    this.storage = storage;
    this.geometry = header.geometry();
    this.order = header.refcountOrder();
    this.blocks = new TableCache(storage, geometry.pageSize(), cacheBytes);
    this.tableOffset = header.refcountTableOffset();
    int bytes = header.refcountTableClusters() << header.clusterBits();
    if (tableOffset > storage.size()) {
      throw corrupt(storage.name(), "refcount table at %d is past the end".formatted(tableOffset));
    }
    this.table = Tables.read(storage, tableOffset, bytes / 8);
  }

  /** Largest count an entry can hold. */
  public long maximum() {
    return order == 6 ? Long.MAX_VALUE : (1L << (1 << order)) - 1;
  }

  /** log2 of the clusters one block counts. */
  public int blockBits() {
    return geometry.clusterBits() + 3 - order;
  }

  /** Clusters the present table could count. */
  public long countable() {
    return (long) table.length << blockBits();
  }

  /** The table's offset and its entries, for those who walk all metadata. */
  long tableOffset() {
    return tableOffset;
  }

  public int tableLength() {
    return table.length;
  }

  /** Where the block with this number lies; 0 for none. */
  public long blockOffset(int number) {
    long entry = table[number];
    long offset = entry & OFFSET_MASK;
    if (!geometry.aligned(offset) || entry != offset) {
      throw corrupt(storage.name(), "refcount block %d at 0x%x".formatted(number, entry));
    }
    return offset;
  }

  boolean hasBlock(long cluster) {
    long number = cluster >>> blockBits();
    return number < table.length && blockOffset((int) number) != 0;
  }

  /** Users of a cluster; 0 where no block counts it. */
  public long get(long cluster) {
    if (!hasBlock(cluster)) {
      return 0;
    }
    long bit = bitInBlock(cluster);
    var page = pageOf(cluster, bit);
    return read(page.bytes, bit & (geometry.pageSize() * 8L - 1), order);
  }

  /** Sets the users of a cluster whose block exists. */
  public void set(long cluster, long count) {
    if (!hasBlock(cluster)) {
      throw corrupt(storage.name(), "cluster %d is counted nowhere".formatted(cluster));
    }
    if (count < 0 || count > maximum()) {
      throw corrupt(storage.name(), "cluster %d would have %d users".formatted(cluster, count));
    }
    long bit = bitInBlock(cluster);
    var page = pageOf(cluster, bit);
    long bitInPage = bit & (geometry.pageSize() * 8L - 1);
    write(page.bytes, bitInPage, order, count);
    int at = (int) (bitInPage >>> 3);
    blocks.changed(page, at, at + Math.max(1, (1 << order) / 8));
  }

  private long bitInBlock(long cluster) {
    return (cluster & ((1L << blockBits()) - 1)) << order;
  }

  private TableCache.Page pageOf(long cluster, long bit) {
    long block = blockOffset((int) (cluster >>> blockBits()));
    return blocks.page(block + (bit >>> 3 & -geometry.pageSize()));
  }

  static long read(ByteBuffer bytes, long bit, int order) {
    int at = (int) (bit >>> 3);
    return switch (order) {
      case 3 -> bytes.get(at) & 0xffL;
      case 4 -> bytes.getShort(at) & 0xffffL;
      case 5 -> bytes.getInt(at) & 0xffff_ffffL;
      case 6 -> bytes.getLong(at);
      default -> (bytes.get(at) >>> (bit & 7)) & ((1L << (1 << order)) - 1);
    };
  }

  public static void write(ByteBuffer bytes, long bit, int order, long count) {
    int at = (int) (bit >>> 3);
    switch (order) {
      case 3 -> bytes.put(at, (byte) count);
      case 4 -> bytes.putShort(at, (short) count);
      case 5 -> bytes.putInt(at, (int) count);
      case 6 -> bytes.putLong(at, count);
      default -> {
        int shift = (int) (bit & 7);
        int mask = ((1 << (1 << order)) - 1) << shift;
        bytes.put(at, (byte) ((bytes.get(at) & ~mask) | ((int) count << shift)));
      }
    }
  }

  /**
   * Makes the free cluster {@code place} a block that counts {@code cluster} and its neighbours.
   *
   * @param cluster below {@link #countable()} and uncounted so far
   * @param place {@code cluster} itself, or a cluster some block counts already
   */
  void createBlock(long cluster, long place) {
    long offset = place << geometry.clusterBits();
    for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
      blocks.fresh(offset + at);
    }
    int number = (int) (cluster >>> blockBits());
    table[number] = offset;
    set(place, 1);
    blocks.write(); // the block, and the count of its cluster, before the table that names it
    storage.write(tableOffset + number * 8L, ByteBuffer.allocate(8).putLong(0, offset));
  }

  /**
   * Moves the table to a larger place that lies where the old one could not count any more, and
   * counts itself. The old table's clusters stay in use until the caller frees them.
   *
   * @return the header fields that make the new table valid, to be written by the caller
   */
  Header grow(Header header) {
    long first = countable();
    int perBlock = 1 << blockBits();
    long entries = Math.max(table.length + table.length / 2L + 1, table.length + 1);
    long tableClusters;
    long newBlocks;
    do {
      tableClusters = geometry.clusters(entries * 8);
      newBlocks = 1;
      while (newBlocks * perBlock < newBlocks + tableClusters) {
        newBlocks++;
      }
      entries = Math.max(entries, table.length + newBlocks);
    } while (geometry.clusters(entries * 8) != tableClusters);
    if (tableClusters << geometry.clusterBits() > Header.MAX_REFCOUNT_TABLE_BYTES) {
      throw new dev.caisson.disk.DiskException(
          dev.caisson.disk.DiskException.Kind.OUT_OF_RANGE,
          storage.name() + ": the file cannot grow further with this cluster size");
    }
    long[] larger = Arrays.copyOf(table, (int) (tableClusters << geometry.clusterBits() >>> 3));
    for (int i = 0; i < newBlocks; i++) {
      long offset = (first + i) << geometry.clusterBits();
      larger[table.length + i] = offset;
      for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
        blocks.fresh(offset + at);
      }
    }
    table = larger;
    tableOffset = (first + newBlocks) << geometry.clusterBits();
    for (long cluster = first; cluster < first + newBlocks + tableClusters; cluster++) {
      set(cluster, 1);
    }
    blocks.write();
    Tables.write(storage, tableOffset, table);
    return header.withRefcountTable(tableOffset, (int) tableClusters);
  }

  public TableCache blocks() {
    return blocks;
  }
}
