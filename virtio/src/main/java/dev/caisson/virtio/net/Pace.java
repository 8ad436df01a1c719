/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

/** How fast one sender's frames follow each other lately. Times are nanoseconds of one clock. */
final class Pace {
  /** As late as Intel's drivers let a card be with bulk traffic: 4,000 interrupts a second. */
  static final long LONGEST = 250_000;

  private static final long SHORTEST = 20_000; // below, a timer costs what a kick does
  private static final int FRAMES = 8; // to find with one look
  private static final int REMEMBERED = 8; // frames

  private long gap = LONGEST;
  private long last;

  /**
   * Frames were served.
   *
   * @param frames how many since the last time; 0 when the sender had none
   */
  void served(int frames, long now) {
    // However long a pause was: a flood may go on after it.
    long since = Math.clamp(now - last, 0, LONGEST);
    last = now;
    gap = (REMEMBERED * gap + since) / (REMEMBERED + frames);
  }

  /** What was sent should not wait for more. */
  void forget() {
    gap = LONGEST;
  }

  /**
   * When several more frames should be there.
   *
   * @param most frames to let come until then, at least 1
   * @return in how many nanoseconds, 20,000 to 250,000; 0 when they come too slowly for that
   */
  long several(int most) {
    return 3 * gap > 2 * LONGEST ? 0 : Math.clamp(Math.min(FRAMES, most) * gap, SHORTEST, LONGEST);
  }
}
