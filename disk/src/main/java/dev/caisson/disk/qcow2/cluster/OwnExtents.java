/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.Extent;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.image.Image;

/** What one image alone says of a range, as extents; the caller holds the gate. */
public final class OwnExtents {
  private final ClusterMap map;
  private final boolean plain;

  public OwnExtents(Image image, ClusterMap map) {
    this.map = map;
    this.plain = image.header().cryptMethod() == Header.CRYPT_NONE;
  }

  public Extent find(long offset, long length) {
    Run run = map.find(offset, length);
    long got = run.length();
    while (got < length) { // join what only page borders cut
      Run next = map.find(offset + got, length - got);
      boolean follows =
          next.kind() == run.kind()
              && run.kind() != Run.Kind.COMPRESSED
              && next.host() == (run.host() < 0 ? Run.NOWHERE : run.host() + got);
      if (!follows) {
        break;
      }
      got += next.length();
    }
    boolean direct = plain && run.kind() != Run.Kind.COMPRESSED;
    return new Extent(offset, got, kind(run), 0, direct ? run.host() : Run.NOWHERE);
  }

  private static Extent.Kind kind(Run run) {
    return switch (run.kind()) {
      case ABSENT -> Extent.Kind.HOLE;
      case ZERO -> Extent.Kind.ZERO;
      case DATA -> Extent.Kind.DATA;
      case COMPRESSED -> Extent.Kind.COMPRESSED;
    };
  }
}
