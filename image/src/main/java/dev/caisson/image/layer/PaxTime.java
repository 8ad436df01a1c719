/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * A time of a pax header: decimal seconds since 1970, with a fraction.
 *
 * @param nanos 0 to 999,999,999, always counted forward
 */
record PaxTime(long seconds, int nanos) {
  private static final int MAX_CHARACTERS = 40;
  // Beyond what any file system stores, and safe to add to.
  private static final BigDecimal MAX_SECONDS = BigDecimal.valueOf(1L << 40);

  static PaxTime parse(String text) {
    if (text.length() <= MAX_CHARACTERS && text.matches("-?[0-9]+(\\.[0-9]*)?")) {
      var exact = new BigDecimal(text);
      if (exact.abs().compareTo(MAX_SECONDS) < 0) {
        var seconds = exact.setScale(0, RoundingMode.FLOOR);
        int nanos = exact.subtract(seconds).movePointRight(9).intValue();
        return new PaxTime(seconds.longValueExact(), nanos);
      }
    }
    throw new ImageException(Kind.INVALID, "the layer has a malformed time");
  }

  /** The shortest decimal text. */
  String text() {
    return BigDecimal.valueOf(seconds)
        .add(BigDecimal.valueOf(nanos, 9))
        .stripTrailingZeros()
        .toPlainString();
  }
}
