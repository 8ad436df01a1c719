/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import java.util.Locale;

/** Numbers of bytes as people write them, with qemu-img's units. */
public final class ByteCount {
  private static final String UNITS = "BKMGTPE";

  private ByteCount() {}

  /** As {@code 1.5 GiB}. */
  public static String of(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    double value = (double) bytes / (1L << (unit * 10));
    String digits =
        value == Math.rint(value) || value >= 1000
            ? String.format(Locale.ROOT, "%.0f", value)
            : shortened(String.format(Locale.ROOT, "%.3g", value));
    return digits + " " + UNITS.charAt(unit) + "iB";
  }

  /** Without zeroes at the end of a fraction, as C writes it. */
  private static String shortened(String digits) {
    return digits.contains(".") ? digits.replaceFirst("\\.?0+$", "") : digits;
  }

  /** Reads {@code 10G}, {@code 64k}, {@code 1.5T} or plain bytes. */
  public static long parse(String text) {
    String trimmed = text.trim().toUpperCase(Locale.ROOT).replaceFirst("(?<=[KMGTPE])(IB|B)$", "");
    int unit = trimmed.isEmpty() ? -1 : UNITS.indexOf(trimmed.charAt(trimmed.length() - 1));
    String number = unit < 0 ? trimmed : trimmed.substring(0, trimmed.length() - 1);
    try {
      double value = Double.parseDouble(number);
      long factor = 1L << (Math.max(0, unit) * 10);
      boolean whole = value == Math.rint(value) && !number.contains(".");
      double bytes = value * factor;
      if (!(bytes >= 0 && bytes < 9.2e18)) {
        throw new NumberFormatException(text);
      }
      return whole ? Math.multiplyExact(Long.parseLong(number), factor) : (long) bytes;
    } catch (ArithmeticException | NumberFormatException bad) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "'%s' is not a size; write bytes, or a number with K, M, G, T, P or E".formatted(text),
          bad);
    }
  }
}
