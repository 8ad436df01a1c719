/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.Arrays;
import java.util.HexFormat;

/** An immutable byte string that compares by content. */
public final class Bytes {
  private final byte[] content;

  private Bytes(byte[] content) {
    this.content = content;
  }

  public static Bytes of(byte[] content) {
    return new Bytes(content.clone());
  }

  public byte[] toArray() {
    return content.clone();
  }

  public int size() {
    return content.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(content, bytes.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  /** The size and the first bytes: enough to recognise it in a printed plan. */
  @Override
  public String toString() {
    String start = HexFormat.of().formatHex(content, 0, Math.min(8, content.length));
    return content.length + " bytes" + (start.isEmpty() ? "" : " " + start + "…");
  }
}
