/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** Some bytes that do not change: a salt, a digest. Not for keys, which must be wiped. */
public final class Bytes {
  private final byte[] value;

  private Bytes(byte[] value) {
    this.value = value;
  }

  static Bytes of(byte[] value) {
    return new Bytes(value.clone());
  }

  static Bytes zeroes(int length) {
    return new Bytes(new byte[length]);
  }

  /** Takes the next {@code length} bytes. */
  static Bytes from(ByteBuffer source, int length) {
    var value = new byte[length];
    source.get(value);
    return new Bytes(value);
  }

  /** A copy that its caller may change. */
  public byte[] toArray() {
    return value.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(value, bytes.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(value);
  }
}
