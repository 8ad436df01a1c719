/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;

/** The header extension that names feature bits, so that older programs can say what they lack. */
public final class FeatureNames {
  private static final int ENTRY = 48;

  public static final byte[] TABLE =
      ByteBuffer.allocate(8 * ENTRY)
          .put(entry(0, 0, "dirty bit"))
          .put(entry(0, 1, "corrupt bit"))
          .put(entry(0, 2, "external data file"))
          .put(entry(0, 3, "compression type"))
          .put(entry(0, 4, "extended L2 entries"))
          .put(entry(1, 0, "lazy refcounts"))
          .put(entry(2, 0, "bitmaps"))
          .put(entry(2, 1, "raw external data"))
          .array();

  private FeatureNames() {}

  /** Kind 0 is incompatible, 1 compatible, 2 autoclear. */
  private static byte[] entry(int kind, int bit, String name) {
    return ByteBuffer.allocate(ENTRY)
        .put((byte) kind)
        .put((byte) bit)
        .put(name.getBytes(US_ASCII))
        .array();
  }
}
