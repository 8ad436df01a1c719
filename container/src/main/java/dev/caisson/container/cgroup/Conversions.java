/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

/** Docker's numbers, all made for cgroup v1, in those of v2. */
final class Conversions {
  private Conversions() {}

  /**
   * Shares 2 to 262,144 become weight 1 to 10,000, with 1,024 going to 100: the quadratic in the
   * logarithm that runc 1.3 and crun agreed on, as the former straight line gave 39 for 1,024.
   */
  static long cpuWeight(long shares) {
    if (shares <= 2) {
      return 1;
    }
    if (shares >= 262_144) {
      return 10_000;
    }
    double log = Math.log((double) shares) / Math.log(2);
    double exponent = (log * log + 125 * log) / 612.0 - 7.0 / 34.0;
    return (long) Math.ceil(Math.pow(10, exponent));
  }

  /** Weights 10 to 1,000 become 1 to 10,000. */
  static long ioWeight(long weight) {
    return 1 + (weight - 10) * 9_999 / 990;
  }

  /** Memory and swap together become swap alone. */
  static String swap(long swapTotal, long memory) {
    return swapTotal == -1 ? "max" : Long.toString(swapTotal - memory);
  }

  /** A number, or "max" for -1. */
  static String orMax(long value) {
    return value == -1 ? "max" : Long.toString(value);
  }
}
