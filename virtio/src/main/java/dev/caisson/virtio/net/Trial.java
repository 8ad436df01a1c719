/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

/**
 * Whether to try again what pays only sometimes. Each failure makes the next try come twice as
 * late, each success half as late.
 */
final class Trial {
  private static final int FIRST = 4; // chances let pass after a second failure
  private static final int MOST = 1024;

  private int pass;
  private int left;

  /** Asked at each chance. */
  boolean worthIt() {
    if (left > 0) {
      left--;
      return false;
    }
    return true;
  }

  void ended(boolean well) {
    if (well) {
      pass /= 2;
    } else {
      left = pass;
      pass = Math.clamp(2L * pass, FIRST, MOST);
    }
  }
}
