/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.storage.PageBuffer;
import java.nio.ByteBuffer;

/**
 * Clusters that {@link Compression#pack} made, one behind the other, to be stored with few writes.
 * Used by one thread at a time.
 */
public final class PackedBatch {
  private final ByteBuffer bytes;
  private final long[] offsets;
  private final int[] lengths;
  private int count;

  /**
   * @param clusters how many it can hold
   * @param clusterSize bytes in each, unpacked
   */
  public PackedBatch(int clusters, int clusterSize) {
    this.bytes = PageBuffer.allocate(Math.multiplyExact(clusters, clusterSize));
    this.offsets = new long[clusters];
    this.lengths = new int[clusters];
  }

  /**
   * Adds the first {@code length} bytes of {@code packed}.
   *
   * @param offset of the guest cluster, a multiple of the cluster size
   */
  public void add(long offset, byte[] packed, int length) {
    bytes.put(packed, 0, length);
    offsets[count] = offset;
    lengths[count++] = length;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** Makes room for the next ones. */
  public void clear() {
    bytes.clear();
    count = 0;
  }

  public int count() {
    return count;
  }

  public long offset(int index) {
    return offsets[index];
  }

  int length(int index) {
    return lengths[index];
  }

  /** The packed bytes {@code [from, to)} of all clusters taken together. */
  ByteBuffer bytes(int from, int to) {
    return bytes.slice(from, to - from);
  }
}
