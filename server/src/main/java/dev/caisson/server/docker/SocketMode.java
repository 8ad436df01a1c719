/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

/** Octal modes as the permission strings Java's file API takes. */
final class SocketMode {
  private SocketMode() {}

  /**
   * @param octal as {@code 0660}
   * @return as {@code rw-rw----}
   */
  static String parse(String octal) {
    int mode;
    try {
      mode = Integer.parseInt(octal, 8);
    } catch (NumberFormatException malformed) {
      throw new IllegalArgumentException(
          "a socket's mode is octal, as 0660, not '" + octal + "'", malformed);
    }
    if ((mode & ~0770) != 0) {
      throw new IllegalArgumentException(
          "a socket's mode gives nothing to others: " + octal + " is too open");
    }
    StringBuilder text = new StringBuilder();
    for (int bit = 8; bit >= 0; bit--) {
      text.append((mode >> bit & 1) == 1 ? "xwr".charAt(bit % 3) : '-');
    }
    return text.toString();
  }
}
