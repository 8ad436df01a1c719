/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads compressed clusters; the last few stay unpacked, since guests read in smaller pieces. */
final class PackedClusters {
  private static final int KEEP_BYTES = 4 << 20;

  private final Storage storage;
  private final int clusterSize;
  private final Compression compression;
  private final Map<Long, byte[]> unpacked;

  PackedClusters(Image image) {
    this.storage = image.data();
    this.clusterSize = image.geometry().clusterSize();
    this.compression = Compression.of(image.header().compressionType());
    int keep = Math.max(2, KEEP_BYTES / clusterSize);
    this.unpacked =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > keep;
          }
        };
  }

  /** Copies bytes from {@code inCluster} on of the cluster packed at {@code offset}. */
  void read(long offset, int length, int inCluster, ByteBuffer target) {
    byte[] cluster;
    synchronized (unpacked) {
      cluster = unpacked.getOrDefault(offset, new byte[0]);
    }
    if (cluster.length == 0) {
      cluster = unpack(offset, length);
      synchronized (unpacked) {
        unpacked.put(offset, cluster);
      }
    }
    target.put(cluster, inCluster, target.remaining());
  }

  private byte[] unpack(long offset, int length) {
    int there = (int) Math.min(length, Math.max(0, storage.size() - offset));
    var packed = new byte[length];
    storage.read(offset, ByteBuffer.wrap(packed, 0, there == 0 ? length : there));
    return compression.unpack(packed, clusterSize, storage.name());
  }

  /** Forgets what stood at {@code offset}. */
  void forget(long offset) {
    synchronized (unpacked) {
      unpacked.remove(offset);
    }
  }
}
