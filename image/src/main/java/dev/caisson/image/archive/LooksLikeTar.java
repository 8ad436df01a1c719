/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import java.nio.charset.StandardCharsets;

/** Tells an uncompressed tar archive by its first block. */
final class LooksLikeTar {
  private static final int MAGIC = 257;

  private LooksLikeTar() {}

  static boolean is(byte[] start, int length) {
    return length >= 512
        && new String(start, MAGIC, 5, StandardCharsets.ISO_8859_1).equals("ustar");
  }
}
