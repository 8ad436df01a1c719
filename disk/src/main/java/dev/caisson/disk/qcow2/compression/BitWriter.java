/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Puts bits into bytes, lowest first, as deflate wants them. */
final class BitWriter {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] target;
  private long bits;
  private int count;
  private int at;

  BitWriter(byte[] target) {
    this.target = target;
  }

  /** Whether {@code more} bits surely fit, and eight bytes of slack besides. */
  boolean fits(long more) {
    return at + 8 + (count + more + 7) / 8 <= target.length;
  }

  /** Adds the low {@code width} bits, 0 to 48, of {@code value}; its other bits are zero. */
  void put(long value, int width) {
    bits |= value << count;
    count += width;
    LONGS.set(target, at, bits);
    int whole = count >>> 3;
    at += whole;
    bits >>>= whole << 3;
    count &= 7;
  }

  /** Bytes used, the last one filled with zero bits. */
  int finish() {
    return count > 0 ? at + 1 : at;
  }
}
