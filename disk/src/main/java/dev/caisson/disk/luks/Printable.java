/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

/** Text taken from a header, made safe to print: a hostile name cannot move the reader's cursor. */
final class Printable {
  private Printable() {}

  static String text(String raw) {
    return raw.codePoints()
        .map(c -> c >= 0x20 && c < 0x7f ? c : '?')
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
