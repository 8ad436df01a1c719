/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

/**
 * What an argument of a call must be. Comparisons are of unsigned 64-bit numbers.
 *
 * @param argument 0 to 5
 * @param value what to compare with; for {@link Operator#MASKED_EQUAL} the mask
 * @param masked what the masked argument must be; otherwise unused
 */
public record Condition(int argument, Operator operator, long value, long masked) {
  private static final int ARGUMENTS = 6;

  /** How to compare. */
  public enum Operator {
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    EQUAL,
    GREATER_OR_EQUAL,
    GREATER,
    MASKED_EQUAL
  }

  public Condition {
    if (argument < 0 || argument >= ARGUMENTS) {
      throw Profile.invalid("argument " + argument + " is outside 0 to 5");
    }
  }

  static Condition equal(int argument, long value) {
    return new Condition(argument, Operator.EQUAL, value, 0);
  }

  static Condition notEqual(int argument, long value) {
    return new Condition(argument, Operator.NOT_EQUAL, value, 0);
  }

  static Condition noneOf(int argument, long bits) {
    return new Condition(argument, Operator.MASKED_EQUAL, bits, 0);
  }
}
