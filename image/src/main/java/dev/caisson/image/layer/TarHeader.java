/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;

/**
 * The fixed 512 bytes before each member of a tar archive, checksum proven. tar(5), ustar
 *
 * @param name with the ustar prefix, not yet cleaned
 * @param size of the member's data in the archive, in bytes
 */
record TarHeader(
    byte type,
    String name,
    String linkName,
    int mode,
    long user,
    long group,
    long size,
    long modified,
    long major,
    long minor) {

  static TarHeader parse(byte[] block) {
    requireChecksum(block);
    long size = TarNumber.parse(block, 124, 12);
    if (size < 0) {
      throw new ImageException(Kind.INVALID, "a tar header gives a negative size");
    }
    return new TarHeader(
        block[156],
        name(block),
        text(block, 157, 100),
        (int) (TarNumber.parse(block, 100, 8) & 07777),
        TarNumber.parse(block, 108, 8),
        TarNumber.parse(block, 116, 8),
        size,
        TarNumber.parse(block, 136, 12),
        deviceNumber(block, 329),
        deviceNumber(block, 337));
  }

  private static String name(byte[] block) {
    var name = text(block, 0, 100);
    // Only POSIX has a prefix there; GNU ("ustar  ") keeps times in the same bytes.
    boolean posix = block[262] == 0 && text(block, 257, 5).equals("ustar");
    var prefix = posix ? text(block, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static long deviceNumber(byte[] block, int offset) {
    // Version 7 archives have no such fields, and anything may be in their place.
    return block[257] == 'u' && isDevice(block[156]) ? TarNumber.parse(block, offset, 8) : 0;
  }

  private static boolean isDevice(byte type) {
    return type == '3' || type == '4';
  }

  private static String text(byte[] block, int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return Utf8.decode(block, offset, end - offset);
  }

  static boolean blank(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static void requireChecksum(byte[] block) {
    long unsigned = 0;
    long signed = 0; // some old tars summed signed characters
    for (int i = 0; i < block.length; i++) {
      int b = i >= 148 && i < 156 ? ' ' : block[i];
      unsigned += b & 0xff;
      signed += b;
    }
    long given = TarNumber.parse(block, 148, 8);
    if (given != unsigned && given != signed) {
      throw new ImageException(Kind.INVALID, "the layer is no tar archive, or it is damaged");
    }
  }
}
