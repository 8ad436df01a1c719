/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import dev.caisson.virtio.queue.Buffers;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Bytes received and not read yet; memory is taken with the first of them. */
final class ByteRing {
  private static final byte[] NONE = new byte[0];

  private final int capacity;
  private byte[] bytes = NONE;
  private int start;
  private int count;

  ByteRing(int capacity) {
    this.capacity = capacity;
  }

  int count() {
    return count;
  }

  int free() {
    return capacity - count;
  }

  /** Takes in {@code length} bytes, at most {@link #free}. */
  void add(Buffers source, long offset, int length) {
    if (bytes.length == 0) {
      bytes = new byte[capacity];
    }
    int end = (start + count) % capacity;
    int first = Math.min(length, capacity - end);
    source.copyTo(offset, MemorySegment.ofArray(bytes).asSlice(end, first));
    source.copyTo(offset + first, MemorySegment.ofArray(bytes).asSlice(0, length - first));
    count += length;
  }

  /** Moves as much as fits; answers how much. */
  int take(ByteBuffer target) {
    int total = Math.min(count, target.remaining());
    int first = Math.min(total, capacity - start);
    target.put(bytes, start, first).put(bytes, 0, total - first);
    count -= total;
    start = count == 0 ? 0 : (start + total) % capacity;
    return total;
  }

  void clear() {
    bytes = NONE;
    start = 0;
    count = 0;
  }
}
