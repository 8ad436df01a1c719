/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

/** The bits of L1 and L2 entries. docs/interop/qcow2.txt of QEMU, "Cluster mapping" */
public final class L2Entry {
  /** The cluster (or L2 table) has one user and may be written in place. */
  public static final long COPIED = 1L << 63;

  public static final long COMPRESSED = 1L << 62;

  /** Version 3, standard entries: reads as zero, whatever the cluster holds. */
  public static final long ZERO = 1;

  public static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

  /** Of an extended entry's bitmap: every subcluster reads as zero. */
  public static final long ALL_ZERO = 0xffff_ffffL << 32;

  /** Of an extended entry's bitmap: every subcluster is stored. */
  public static final long ALL_STORED = 0xffff_ffffL;

  private L2Entry() {}

  /** Where a compressed cluster starts; any byte. */
  public static long packedOffset(long entry, int clusterBits) {
    return entry & ((1L << packedShift(clusterBits)) - 1);
  }

  /** Bytes from there to the end of its last 512-byte sector. */
  public static int packedLength(long entry, int clusterBits) {
    long sectors = (entry >>> packedShift(clusterBits) & ((1L << (clusterBits - 8)) - 1)) + 1;
    return (int) (sectors * 512 - (packedOffset(entry, clusterBits) & 511));
  }

  public static long packed(long offset, int length, int clusterBits) {
    long moreSectors = ((offset + length - 1) >>> 9) - (offset >>> 9);
    return COMPRESSED | moreSectors << packedShift(clusterBits) | offset;
  }

  private static int packedShift(int clusterBits) {
    return 62 - (clusterBits - 8);
  }
}
