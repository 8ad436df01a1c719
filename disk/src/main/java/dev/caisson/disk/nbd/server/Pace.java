/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

/**
 * Tells whether a disk answers from memory or makes its callers wait. A request served from the
 * page cache takes a few microseconds, less than handing it to another thread; one that waits for a
 * device takes a hundred or more, and then others should not wait behind it.
 *
 * <p>Racy on purpose: a lost sample changes nothing.
 */
final class Pace {
  /**
   * Nanoseconds above which waiting beats computing: well over a cached 256 KiB, under any device.
   */
  private static final long SLOW = 60_000;

  private static final int WEIGHT = 8;

  private volatile long average;

  /** Notes how long a request took, in nanoseconds for each started 64 KiB of it. */
  void note(long nanos, long bytes) {
    long sample =
        nanos / (1 + (Math.clamp(bytes, 0, NbdLimits.PAYLOAD) >> 16)); // Any length may be claimed.
    long before = average;
    average = before + (Math.min(sample, SLOW * WEIGHT) - before) / WEIGHT;
  }

  boolean slow() {
    return average > SLOW;
  }
}
