/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.L2Entry;

/**
 * Which units of one cluster a write touches, and which it must carry over. Without subclusters
 * there is one unit, the cluster.
 */
final class UnitPlan {
  private final int units;
  private final long touched;
  private final long carried;
  private final long bitmap;

  /**
   * @param inPlace whether the cluster stays where it is, so that stored units need no carrying
   * @param from first new byte in the cluster
   * @param to end of the new bytes
   */
  UnitPlan(Geometry geometry, ClusterMap.Slot old, boolean inPlace, int from, int to) {
    units = geometry.unitsPerCluster();
    int unitBits = geometry.unitBits();
    int unitMask = geometry.unitSize() - 1;
    touched = bits(from >>> unitBits, (to + unitMask) >>> unitBits);
    long full = bits((from + unitMask) >>> unitBits, to >>> unitBits);
    long stored = stored(geometry, old);
    carried = (inPlace ? 0 : stored & ~full) | (touched & ~full & ~stored);
    long zero = (old.entry() & L2Entry.COMPRESSED) != 0 ? 0 : old.bitmap() >>> 32 & ~touched;
    bitmap = geometry.extended() ? zero << 32 | stored | touched : 0;
  }

  private static long stored(Geometry geometry, ClusterMap.Slot old) {
    boolean packed = (old.entry() & L2Entry.COMPRESSED) != 0;
    if (geometry.extended()) {
      return packed ? L2Entry.ALL_STORED : old.bitmap() & L2Entry.ALL_STORED;
    }
    boolean zero = !packed && (old.entry() & L2Entry.ZERO) != 0;
    return packed || (!zero && (old.entry() & L2Entry.OFFSET) != 0) ? 1 : 0;
  }

  private static long bits(int from, int to) {
    return from >= to ? 0 : (1L << to) - (1L << from);
  }

  /** First unit at or after {@code unit} that must be written. */
  int next(int unit) {
    int at = unit;
    while (at < units && ((touched | carried) >>> at & 1) == 0) {
      at++;
    }
    return at;
  }

  /** End of the units from {@code unit} on that are written as one. */
  int runEnd(int unit) {
    int at = unit;
    while (at < units && ((touched | carried) >>> at & 1) != 0) {
      at++;
    }
    return at;
  }

  /** Whether any of the units must be written whole. */
  boolean keepsOld(int from, int to) {
    return (carried & bits(from, to)) != 0;
  }

  /** The new bitmap of an extended entry. */
  long bitmap() {
    return bitmap;
  }
}
