/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

/**
 * How an image divides its bytes.
 *
 * @param clusterBits log2 of the cluster size, 9 to 21
 * @param extended whether L2 entries are 16 bytes and clusters have 32 subclusters
 */
public record Geometry(int clusterBits, boolean extended) {
  /** Largest piece of a table that is read, cached and written as one. */
  private static final int LARGEST_PAGE = 1 << 16;

  private static final int SUBCLUSTER_BITS = 5;

  public int clusterSize() {
    return 1 << clusterBits;
  }

  /** What one bit of allocation stands for: the cluster, or the subcluster. */
  public int unitBits() {
    return extended ? clusterBits - SUBCLUSTER_BITS : clusterBits;
  }

  public int unitSize() {
    return 1 << unitBits();
  }

  public int unitsPerCluster() {
    return 1 << (clusterBits - unitBits());
  }

  public int entryBytes() {
    return extended ? 16 : 8;
  }

  /** log2 of the entries in one L2 table. */
  public int l2Bits() {
    return extended ? clusterBits - 4 : clusterBits - 3;
  }

  /** log2 of the guest bytes one L2 table maps. */
  public int l1Shift() {
    return clusterBits + l2Bits();
  }

  public int pageSize() {
    return Math.min(clusterSize(), LARGEST_PAGE);
  }

  /** L1 entries that {@code size} guest bytes need. */
  public long l1Entries(long size) {
    return (size >>> l1Shift()) + ((size & ((1L << l1Shift()) - 1)) == 0 ? 0 : 1);
  }

  /** Whole clusters that {@code bytes} need. */
  public long clusters(long bytes) {
    return (bytes >>> clusterBits) + ((bytes & (clusterSize() - 1)) == 0 ? 0 : 1);
  }

  public long alignDown(long offset) {
    return offset & -clusterSize();
  }

  public long alignUp(long offset) {
    return (offset + clusterSize() - 1) & -clusterSize();
  }

  public boolean aligned(long offset) {
    return (offset & (clusterSize() - 1)) == 0;
  }
}
