/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.Disk;
import dev.caisson.disk.qcow2.image.Image;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Reads guest bytes; the caller holds the gate, shared or exclusively. */
public final class ClusterReader {
  private final ClusterMap map;
  private final DataFile data;
  private final PackedClusters packed;
  private final int clusterSize;

  public ClusterReader(Image image, ClusterMap map, DataFile data) {
    this.map = map;
    this.data = data;
    this.packed = new PackedClusters(image);
    this.clusterSize = image.geometry().clusterSize();
  }

  /** Fills the target; what no cluster holds comes from the base. */
  public void read(long offset, ByteBuffer target, Optional<Disk> base) {
    int limit = target.limit();
    long at = offset;
    while (target.position() < limit) {
      Run run = map.find(at, limit - target.position());
      target.limit(target.position() + (int) run.length());
      switch (run.kind()) {
        case DATA -> data.read(run.host(), target);
        case ZERO -> DataFile.zero(target);
        case COMPRESSED ->
            packed.read(run.host(), run.packed(), (int) (at & (clusterSize - 1)), target);
        case ABSENT -> readBase(at, target, base);
      }
      target.limit(limit);
      at += run.length();
    }
  }

  /** A base may be shorter than what stands on it: beyond its end there are zeroes. */
  private static void readBase(long offset, ByteBuffer target, Optional<Disk> base) {
    long there = base.isEmpty() ? 0 : Math.max(0, base.get().size() - offset);
    if (there == 0) {
      DataFile.zero(target);
      return;
    }
    int limit = target.limit();
    if (there < target.remaining()) {
      target.limit(target.position() + (int) there);
    }
    base.get().read(offset, target);
    target.limit(limit);
    if (target.hasRemaining()) {
      DataFile.zero(target);
    }
  }

  /** Whether the range surely reads as zero, as far as tables tell. */
  boolean readsAsZero(long offset, long length, Optional<Disk> base) {
    for (long at = offset; at < offset + length; ) {
      Run run = map.find(at, offset + length - at);
      boolean zero =
          switch (run.kind()) {
            case ZERO -> true;
            case DATA, COMPRESSED -> false;
            case ABSENT -> baseReadsAsZero(at, run.length(), base);
          };
      if (!zero) {
        return false;
      }
      at += run.length();
    }
    return true;
  }

  private static boolean baseReadsAsZero(long offset, long length, Optional<Disk> base) {
    long end = base.isEmpty() ? 0 : Math.min(offset + length, base.get().size());
    for (long at = offset; at < end; ) {
      var extent = base.get().extent(at, end - at);
      if (!extent.readsAsZero()) {
        return false;
      }
      at = extent.end();
    }
    return true;
  }

  /** Another packed cluster stands at {@code host} now. */
  void forgetPacked(long host) {
    packed.forget(host);
  }
}
