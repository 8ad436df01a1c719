/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What somebody meant who wrote a word that nobody knows. */
public final class Nearest {
  private Nearest() {}

  /**
   * The known word that the least slips turn into {@code word}: a letter too many, missing, wrong
   * or swapped with its neighbour. Empty if it takes more than a third of its letters, or more than
   * three.
   */
  public static Optional<String> of(String word, Collection<String> known) {
    return known.stream()
        .filter(other -> slips(word, other) <= Math.clamp(other.length() / 3, 1, 3))
        .min(Comparator.comparingInt((String other) -> slips(word, other)).thenComparing(o -> o));
  }

  /** Damerau's and Levenshtein's distance, in which letters swap places once. */
  static int slips(String one, String other) {
    int[][] cost = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : least(cost, one, other, i, j);
      }
    }
    return cost[one.length()][other.length()];
  }

  private static int least(int[][] cost, String one, String other, int i, int j) {
    boolean same = one.charAt(i - 1) == other.charAt(j - 1);
    int least =
        Math.min(Math.min(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + (same ? 0 : 1));
    boolean swapped =
        i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1);
    return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
  }
}
