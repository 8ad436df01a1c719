/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.chain.Layer;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.PageBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Copies bytes as they are; ranges of zeroes become holes. */
final class PlainCopier implements PieceCopier {
  private final Disk source;
  private final Disk target;
  private final boolean fresh;
  private final boolean looking;
  private final Optional<Layer> own;
  private final int grain;
  private final ByteBuffer buffer = PageBuffer.allocate(Conversion.PIECE);
  private final MemorySegment bytes = MemorySegment.ofBuffer(buffer);

  PlainCopier(Disk source, Disk target, Conversion how) {
    this.source = source;
    this.target = target;
    this.fresh = how.targetReadsAsZero();
    this.looking = how.sparse() > 0;
    this.own =
        how.ownOnly() && source instanceof Layer layer ? Optional.of(layer) : Optional.empty();
    int least = Math.max(512, how.sparse());
    // Half a cluster costs a whole one, so holes smaller than a cluster gain nothing there.
    this.grain = target instanceof Qcow2Disk image ? Math.max(least, image.clusterSize()) : least;
  }

  @Override
  public void copy(long offset, int length) {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      var extent = look(at, end - at);
      if (own.isPresent() && !extent.present()) {
        at = extent.end(); // the target's base holds it
        continue;
      }
      if (extent.readsAsZero() && looking) {
        zero(at, extent.length());
      } else {
        long until = dataEnd(extent.end(), end);
        copyData(at, (int) (until - at));
        at = until;
        continue;
      }
      at = extent.end();
    }
  }

  private Extent look(long offset, long length) {
    return own.isPresent() ? own.get().own(offset, length) : source.extent(offset, length);
  }

  /** Joins data extents that follow, so that few, large requests are made. */
  private long dataEnd(long from, long end) {
    long at = from;
    while (at < end) {
      var extent = look(at, end - at);
      if (looking ? extent.readsAsZero() : own.isPresent() && !extent.present()) {
        break;
      }
      at = extent.end();
    }
    return at;
  }

  private void copyData(long offset, int length) {
    source.read(offset, buffer.clear().limit(length));
    if (!looking) {
      target.write(offset, buffer.flip());
      return;
    }
    int at = 0;
    while (at < length) {
      int start = at;
      boolean zero = zeroGrain(offset, at, length);
      do {
        at = grainEnd(offset, at, length);
      } while (at < length && zeroGrain(offset, at, length) == zero);
      if (zero) {
        zero(offset + start, at - start);
      } else {
        target.write(offset + start, buffer.clear().position(start).limit(at));
      }
    }
  }

  private int grainEnd(long offset, int at, int length) {
    long end = ((offset + at) / grain + 1) * grain - offset;
    return (int) Math.min(end, length);
  }

  private boolean zeroGrain(long offset, int at, int length) {
    return Zeroes.only(bytes, at, grainEnd(offset, at, length));
  }

  private void zero(long offset, long length) {
    if (fresh) {
      return;
    }
    if (target instanceof Sparse sparse) {
      sparse.writeZeroes(offset, length, true);
    } else {
      target.write(offset, ByteBuffer.allocate((int) length));
    }
  }
}
