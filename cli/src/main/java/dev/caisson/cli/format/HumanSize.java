/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.Locale;

/** Sizes for people: decimal as Docker shows images, binary as it shows memory. */
public final class HumanSize {
  private static final String[] DECIMAL = {"B", "kB", "MB", "GB", "TB", "PB"};
  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private HumanSize() {}

  /** As {@code 4.26MB}. */
  public static String decimal(long bytes) {
    return text(bytes, 1000, DECIMAL, 3);
  }

  /** As {@code 61.3MiB}. */
  public static String binary(long bytes) {
    return text(bytes, 1024, BINARY, 4);
  }

  private static String text(long bytes, double base, String[] units, int digits) {
    double value = bytes;
    int unit = 0;
    while (value >= base && unit < units.length - 1) {
      value /= base;
      unit++;
    }
    int whole = value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
    var number = String.format(Locale.ROOT, "%." + Math.max(0, digits - whole) + "f", value);
    if (number.indexOf('.') >= 0) {
      number = number.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
    return number + units[unit];
  }
}
