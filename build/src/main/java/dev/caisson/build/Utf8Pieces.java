/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Text from bytes that arrive in pieces, cut anywhere. */
final class Utf8Pieces {
  private static final int LONGEST = 4;

  private final ByteArrayOutputStream kept = new ByteArrayOutputStream(LONGEST);

  /** The whole characters so far. */
  String decode(byte[] piece) {
    kept.writeBytes(piece);
    byte[] all = kept.toByteArray();
    int end = all.length - unfinished(all);
    kept.reset();
    kept.write(all, end, all.length - end);
    return new String(all, 0, end, StandardCharsets.UTF_8);
  }

  /** What never became whole. */
  String rest() {
    return kept.toString(StandardCharsets.UTF_8);
  }

  /** How many bytes at the end begin a character without ending it. */
  private static int unfinished(byte[] bytes) {
    for (int back = 1; back <= Math.min(LONGEST - 1, bytes.length); back++) {
      int b = bytes[bytes.length - back] & 0xff;
      if (b >= 0xc0) {
        int needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
        return back < needed ? back : 0;
      }
      if (b < 0x80) {
        return 0;
      }
    }
    return 0;
  }
}
