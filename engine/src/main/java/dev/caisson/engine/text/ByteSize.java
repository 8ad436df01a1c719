/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import dev.caisson.engine.EngineException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Sizes as {@code 512}, {@code 64m}, {@code 1.5GiB}; units count in 1,024s. */
public final class ByteSize {
  private static final Pattern FORM =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(b|[kmgtp]i?b?)?", Pattern.CASE_INSENSITIVE);

  private ByteSize() {}

  public static long parse(String text) {
    var match = FORM.matcher(text);
    if (!match.matches()) {
      throw EngineException.invalid("invalid size: '" + text + "'", "write it as 512m or 2g");
    }
    var unit = match.group(2) == null ? "b" : match.group(2).toLowerCase(Locale.ROOT);
    int power = "bkmgtp".indexOf(unit.charAt(0));
    double bytes = Double.parseDouble(match.group(1)) * Math.pow(1024, power);
    if (bytes > Long.MAX_VALUE) {
      throw EngineException.invalid("size too large: '" + text + "'", "write it as 512m or 2g");
    }
    return (long) bytes;
  }
}
