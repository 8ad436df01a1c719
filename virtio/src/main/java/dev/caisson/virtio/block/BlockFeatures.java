/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

/** Feature bits of a block device. virtio 1.2, section 5.2.3 */
final class BlockFeatures {
  static final long SEGMENT_COUNT = 1L << 2;
  static final long READ_ONLY = 1L << 5;
  static final long BLOCK_SIZE = 1L << 6;
  static final long FLUSH = 1L << 9;
  static final long TOPOLOGY = 1L << 10;
  static final long CACHE_MODE = 1L << 11;
  static final long MULTIPLE_QUEUES = 1L << 12;
  static final long DISCARD = 1L << 13;
  static final long WRITE_ZEROES = 1L << 14;

  private BlockFeatures() {}
}
