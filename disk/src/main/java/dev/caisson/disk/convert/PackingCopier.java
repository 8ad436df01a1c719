/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.qcow2.Qcow2Disk;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Packs each cluster; what does not become smaller is stored plain, zeroes not at all. */
final class PackingCopier implements PieceCopier {
  private final Disk source;
  private final Qcow2Disk target;
  private final boolean fresh;
  private final int cluster;
  private final byte[] plain;
  private final byte[] packed;

  PackingCopier(Disk source, Qcow2Disk target, Conversion how) {
    this.source = source;
    this.target = target;
    this.fresh = how.targetReadsAsZero();
    this.cluster = target.clusterSize();
    this.plain = new byte[cluster];
    this.packed = new byte[cluster - 1];
  }

  @Override
  public void copy(long offset, int length) {
    long end = offset + length;
    for (long at = offset; at < end; at += cluster) {
      copyCluster(at, (int) Math.min(cluster, end - at));
    }
  }

  private void copyCluster(long offset, int length) {
    var extent = source.extent(offset, length);
    boolean zero = extent.readsAsZero() && extent.length() == length;
    if (!zero) {
      source.read(offset, ByteBuffer.wrap(plain, 0, length));
      java.util.Arrays.fill(plain, length, cluster, (byte) 0);
      zero = Zeroes.only(MemorySegment.ofArray(plain), 0, length);
    }
    if (zero) {
      if (!fresh) {
        target.writeZeroes(offset, length, true);
      }
      return;
    }
    int size = target.compression().pack(plain, cluster, packed);
    if (size > 0) {
      target.writePacked(offset, ByteBuffer.wrap(packed, 0, size));
    } else {
      target.write(offset, ByteBuffer.wrap(plain, 0, length));
    }
  }
}
