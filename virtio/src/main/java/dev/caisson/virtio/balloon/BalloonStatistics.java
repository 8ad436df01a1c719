/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.balloon;

import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What the guest says of its memory; nothing obliges it to be true. virtio 1.2, section 5.5.6.4
 *
 * @param values by tag
 */
public record BalloonStatistics(Map<Integer, Long> values) {
  static final BalloonStatistics NONE = new BalloonStatistics(Map.of());
  private static final int ENTRY = 10;
  private static final int MOST = 32;
  private static final int FREE = 4;
  private static final int TOTAL = 5;
  private static final int AVAILABLE = 6;

  public BalloonStatistics {
    values = Map.copyOf(values);
  }

  static BalloonStatistics read(Buffers source) {
    MemorySegment copy = MemorySegment.ofArray(new byte[ENTRY * MOST]);
    long length = source.copyTo(0, copy);
    Map<Integer, Long> values = new HashMap<>();
    for (long at = 0; at + ENTRY <= length; at += ENTRY) {
      int tag = Short.toUnsignedInt(copy.get(LittleEndian.U16, at));
      values.put(tag, copy.get(LittleEndian.U64, at + 2));
    }
    return new BalloonStatistics(values);
  }

  /** Bytes nothing uses. */
  public OptionalLong free() {
    return value(FREE);
  }

  /** Bytes the guest's kernel manages. */
  public OptionalLong total() {
    return value(TOTAL);
  }

  /** Bytes new programs could have without swapping. */
  public OptionalLong available() {
    return value(AVAILABLE);
  }

  private OptionalLong value(int tag) {
    Long value = values.get(tag);
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
