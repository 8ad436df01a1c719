/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.qcow2.format.Header;

/**
 * Clusters that have a place in the file, but no bytes there yet: the file is a hole, and what it
 * reads as is zero.
 */
public final class Preallocation {
  private static final long COUNTS_CACHE = 1 << 20;

  /** Bounds the time for a hostile file; 4 TiB of it with clusters of 64 KiB. */
  private static final long MOST_LOOKED_AT = 1 << 26;

  private Preallocation() {}

  /**
   * Whether an image has many: more clusters in use than its file takes space for, by QEMU's
   * measure. Looking beneath every run costs a system call each, so this is asked first.
   */
  public static boolean detect(Image image) {
    if (image.external() || image.header().cryptMethod() != Header.CRYPT_NONE) {
      return false;
    }
    var space = image.file().space();
    if (space.isEmpty()) {
      return false;
    }
    long there = space.getAsLong() >>> image.geometry().clusterBits();
    long threshold = Math.max(there * 10 / 9, there + 2);
    try {
      return moreUsed(image, threshold);
    } catch (DiskException junk) {
      return false; // Its tables tell nothing.
    }
  }

  private static boolean moreUsed(Image image, long threshold) {
    var counts = new Refcounts(image.file(), image.header(), COUNTS_CACHE);
    long end = Math.min(image.geometry().clusters(image.file().size()), counts.countable());
    long used = 0;
    for (long cluster = 0; cluster < Math.min(end, MOST_LOOKED_AT); cluster++) {
      if (counts.get(cluster) != 0 && ++used >= threshold) {
        return true;
      }
    }
    return false;
  }

  /** The start of a stored run that is all hole (ZERO) or all bytes (DATA) in the file. */
  public static Extent beneath(Image image, Extent run) {
    long from = run.hostOffset();
    long end = from + run.length();
    var data = image.data();
    long stored = from >= data.size() ? end : Math.min(end, data.nextData(from, end));
    boolean hole = stored > from;
    long until = hole ? stored : Math.min(end, Math.max(from + 1, data.nextHole(from, end)));
    var kind = hole ? Extent.Kind.ZERO : Extent.Kind.DATA;
    return new Extent(run.offset(), until - from, kind, run.depth(), from);
  }
}
