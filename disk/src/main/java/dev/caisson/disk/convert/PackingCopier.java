/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.chain.Layer;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.cluster.PackedBatch;
import dev.caisson.disk.storage.PageBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Packs each cluster; what does not become smaller is stored plain, zeroes not at all. */
final class PackingCopier implements PieceCopier {
  private final Disk source;
  private final Qcow2Disk target;
  private final boolean fresh;
  private final Optional<Layer> own;
  private final int cluster;
  private final ByteBuffer piece = PageBuffer.allocate(Conversion.PIECE);
  private final MemorySegment bytes = MemorySegment.ofBuffer(piece);
  private final PackedBatch batch;
  private final byte[] plain;
  private final byte[] packed;

  /** Clusters {@code [plainFrom, plainTo)} of the piece do not become smaller and wait together. */
  private int plainFrom;

  private int plainTo;

  PackingCopier(Disk source, Qcow2Disk target, Conversion how) {
    this.source = source;
    this.target = target;
    this.fresh = how.targetReadsAsZero();
    this.cluster = target.clusterSize();
    this.own =
        how.ownOnly() && source instanceof Layer layer ? Optional.of(layer) : Optional.empty();
    this.batch = new PackedBatch(Conversion.PIECE / cluster, cluster);
    this.plain = new byte[cluster];
    this.packed = new byte[cluster - 1];
  }

  @Override
  public void copy(long offset, int length) {
    for (int at = 0; at < length; ) {
      var extent = source.extent(offset + at, length - at);
      int end = (int) (extent.end() - offset);
      if (extent.readsAsZero()) {
        bytes.asSlice(at, end - at).fill((byte) 0);
      } else {
        source.read(offset + at, piece.limit(end).position(at));
      }
      at = end;
    }
    piece.clear();
    for (int at = 0; at < length; at += cluster) {
      copyCluster(offset, at, Math.min(length, at + cluster));
    }
    storePlain(offset);
    if (!batch.isEmpty()) {
      target.writePacked(batch);
      batch.clear();
    }
  }

  private void copyCluster(long offset, int from, int to) {
    if (own.isPresent() && absent(own.get(), offset + from, to - from)) {
      return; // the target's base holds it
    }
    if (Zeroes.only(bytes, from, to)) {
      if (!fresh) {
        target.writeZeroes(offset + from, to - from, true);
      }
      return;
    }
    piece.get(from, plain, 0, to - from);
    Arrays.fill(plain, to - from, cluster, (byte) 0);
    int size = target.compression().pack(plain, cluster, packed);
    if (size > 0) {
      batch.add(offset + from, packed, size);
      return;
    }
    if (from != plainTo) {
      storePlain(offset);
      plainFrom = from;
    }
    plainTo = to;
  }

  private static boolean absent(Layer own, long offset, long length) {
    for (long at = offset; at < offset + length; ) {
      var extent = own.own(at, offset + length - at);
      if (extent.present()) {
        return false;
      }
      at = extent.end();
    }
    return true;
  }

  private void storePlain(long offset) {
    if (plainFrom < plainTo) {
      target.write(offset + plainFrom, piece.slice(plainFrom, plainTo - plainFrom));
    }
    plainFrom = plainTo = 0;
  }
}
