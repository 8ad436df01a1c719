/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;

/** Numbers as tar headers hold them: octal text, or GNU's big-endian binary. tar(5) */
final class TarNumber {
  private TarNumber() {}

  /** The number in {@code header[offset, offset + length)}; an empty field is 0. */
  static long parse(byte[] header, int offset, int length) {
    return (header[offset] & 0x80) != 0
        ? binary(header, offset, length)
        : octal(header, offset, length);
  }

  private static long binary(byte[] header, int offset, int length) {
    boolean negative = (header[offset] & 0x40) != 0;
    int fill = negative ? 0xff : 0;
    // The first byte gives six bits of number after its marker and sign.
    long value = (byte) (header[offset] << 1) >> 1;
    for (int i = offset + 1; i < offset + length; i++) {
      if (i < offset + length - 8 && (header[i] & 0xff) != fill) {
        throw invalid();
      }
      value = (value << 8) | (header[i] & 0xff);
    }
    if (value < 0 != negative) {
      throw invalid();
    }
    return value;
  }

  private static long octal(byte[] header, int offset, int length) {
    int start = offset;
    int end = offset + length;
    while (start < end && (header[start] == ' ' || header[start] == 0)) {
      start++;
    }
    while (end > start && (header[end - 1] == ' ' || header[end - 1] == 0)) {
      end--;
    }
    long value = 0;
    for (int i = start; i < end; i++) {
      if (header[i] == 0 || header[i] == ' ') {
        break;
      }
      if (header[i] < '0' || header[i] > '7') {
        throw invalid();
      }
      value = (value << 3) | (header[i] - '0');
    }
    return value;
  }

  private static ImageException invalid() {
    return new ImageException(Kind.INVALID, "a tar header holds a malformed number");
  }
}
