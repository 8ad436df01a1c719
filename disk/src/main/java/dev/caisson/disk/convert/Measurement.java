/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.nio.charset.StandardCharsets;

/**
 * How large a file would be, as qemu-img measure counts.
 *
 * @param required bytes for the present contents
 * @param fullyAllocated bytes if every byte of the disk were written
 */
public record Measurement(long required, long fullyAllocated) {

  /** Of a raw file. */
  public static Measurement raw(Disk source) {
    return new Measurement(source.size(), source.size());
  }

  /** Of an empty raw disk. */
  public static Measurement raw(long size) {
    return new Measurement(size, size);
  }

  /** The same with a header of so many bytes besides, in whole pieces of {@code unit} bytes. */
  public Measurement withHeader(long bytes, long unit) {
    long whole = Math.ceilDiv(bytes, unit) * unit;
    return new Measurement(required + whole, fullyAllocated + whole);
  }

  /** Of a qcow2 file with the source's contents. */
  public static Measurement qcow2(Disk source, Qcow2Format format) {
    long cluster = format.clusterSize();
    long used = 0;
    long counted = 0;
    for (long at = 0; at < source.size(); ) {
      var extent = source.extent(at, source.size() - at);
      if (!extent.readsAsZero()) {
        long from = Math.max(counted, at / cluster * cluster);
        long to = Math.ceilDiv(extent.end(), cluster) * cluster;
        used += Math.max(0, to - from);
        counted = Math.max(counted, to);
      }
      at = extent.end();
    }
    long full = withMetadata(source.size(), format);
    long rounded = Math.ceilDiv(source.size(), cluster) * cluster;
    return new Measurement(full - rounded + used, full);
  }

  /** Of an empty qcow2 disk. */
  public static Measurement qcow2(long size, Qcow2Format format) {
    long full = withMetadata(size, format);
    long rounded = Math.ceilDiv(size, (long) format.clusterSize()) * format.clusterSize();
    return new Measurement(full - rounded, full);
  }

  /** What a copy of the source's dirty bitmaps would take besides. */
  public static long bitmaps(Disk source, Qcow2Format format) {
    if (!(source instanceof DirtyBitmaps marked)) {
      return 0;
    }
    long cluster = format.clusterSize();
    long total = 0;
    long directory = 0;
    for (var bitmap : marked.dirtyBitmaps()) {
      long bits = Math.ceilDiv(source.size(), bitmap.granularity());
      long clusters = Math.ceilDiv(Math.ceilDiv(bits, 8L), cluster);
      total += (clusters + Math.ceilDiv(clusters * 8, cluster)) * cluster;
      int name = bitmap.name().getBytes(StandardCharsets.UTF_8).length;
      directory += Math.ceilDiv(24 + name, 8) * 8L;
    }
    return total + Math.ceilDiv(directory, cluster) * cluster;
  }

  /** All clusters of the disk, and all tables that map and count them. */
  private static long withMetadata(long size, Qcow2Format format) {
    long cluster = format.clusterSize();
    long clusters = Math.ceilDiv(size, cluster);
    long entry = format.extendedL2() ? 16 : 8;
    long perTable = cluster / entry;
    long l2 = Math.ceilDiv(clusters, perTable);
    long l1 = Math.ceilDiv(l2 * 8, cluster);
    long known = 1 + clusters + l2 + l1;
    long perBlock = cluster * 8 / format.refcountBits();
    long blocks = 0;
    long table = 0;
    for (long before = -1; before != blocks + table; ) {
      before = blocks + table;
      blocks = Math.ceilDiv(known + before, perBlock);
      table = Math.ceilDiv(blocks * 8, cluster);
    }
    return (known + blocks + table) * cluster;
  }
}
