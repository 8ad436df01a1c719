/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;

/** How long trying one key may take, as {@code iter-time} says it. */
final class KeyTime {
  private static final long LONGEST = 60_000;

  private KeyTime() {}

  /**
   * Milliseconds, from 1 to a minute.
   *
   * @throws DiskException OUT_OF_RANGE
   */
  static long parse(String text) {
    try {
      long time = Long.parseLong(text);
      if (time >= 1 && time <= LONGEST) {
        return time;
      }
    } catch (NumberFormatException none) {
      // told below
    }
    throw new DiskException(
        DiskException.Kind.OUT_OF_RANGE,
        "iter-time '%s'; have 1 to %d milliseconds".formatted(text, LONGEST));
  }
}
