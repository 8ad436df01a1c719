/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;

/** What the fuzz tests share: for how long, with which seed, and how input is spoilt. */
public final class Fuzzing {
  private static final int[] INTERESTING = {0, 1, -1, 0x7f, 0x80, 0xff, 2, 0x40, 0x10};

  private Fuzzing() {}

  /** One attempt, which must end by itself and may only fail the way its author expects. */
  public interface Attempt {
    void run(Random random) throws Exception;
  }

  /**
   * Repeats an attempt with seeds 0, 1, 2 and so on: 300 of them, or as long as the property {@code
   * fuzz.seconds} says. A failure names its seed.
   */
  public static void repeat(Attempt attempt) {
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (long seed = 0; seconds > 0 ? System.nanoTime() < end : seed < 300; seed++) {
      try {
        attempt.run(new Random(seed));
      } catch (Throwable wrong) {
        throw new AssertionError("seed " + seed, wrong);
      }
    }
  }

  /** Runs something that may succeed, or fail as a {@link DiskException}, and in no other way. */
  public static void allowed(Runnable use) {
    try {
      use.run();
    } catch (DiskException expected) {
      assertThat(expected.getMessage()).isNotBlank();
    }
  }

  /** Changes some bytes in {@code [from, to)}, one to four in a row, to likely trouble. */
  public static void spoil(byte[] bytes, int from, int to, Random random) {
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = from + random.nextInt(to - from);
      int run = 1 + random.nextInt(4);
      int value =
          random.nextBoolean() ? INTERESTING[random.nextInt(INTERESTING.length)] : random.nextInt();
      for (int b = at; b < Math.min(to, at + run); b++) {
        bytes[b] = (byte) value;
      }
    }
  }
}
