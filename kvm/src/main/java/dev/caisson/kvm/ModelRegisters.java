/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Model-specific registers by number, in the form of struct kvm_msrs. */
final class ModelRegisters {
  private static final int HEADER = 8;
  private static final int ENTRY = 16;

  private ModelRegisters() {}

  static byte[] request(List<Integer> numbers) {
    ByteBuffer list = buffer(numbers.size());
    for (int i = 0; i < numbers.size(); i++) {
      list.putInt(HEADER + ENTRY * i, numbers.get(i));
    }
    return list.array();
  }

  static byte[] of(Map<Integer, Long> values) {
    ByteBuffer list = buffer(values.size());
    int at = HEADER;
    for (Map.Entry<Integer, Long> value : values.entrySet()) {
      list.putInt(at, value.getKey()).putLong(at + 8, value.getValue());
      at += ENTRY;
    }
    return list.array();
  }

  static Map<Integer, Long> values(byte[] answer, int count) {
    ByteBuffer list = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
    Map<Integer, Long> values = new TreeMap<>(Integer::compareUnsigned);
    for (int i = 0; i < count; i++) {
      values.put(list.getInt(HEADER + ENTRY * i), list.getLong(HEADER + ENTRY * i + 8));
    }
    return values;
  }

  private static ByteBuffer buffer(int count) {
    return ByteBuffer.allocate(HEADER + ENTRY * count)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0, count);
  }
}
