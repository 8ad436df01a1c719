/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import java.nio.ByteBuffer;

/** A stretch of zeroes to copy from. */
final class Zeroes {
  private static final ByteBuffer STRETCH = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private Zeroes() {}

  /** Up to {@code most} zeroes. */
  static ByteBuffer upTo(long most) {
    var zeroes = STRETCH.duplicate();
    return zeroes.limit((int) Math.min(zeroes.capacity(), most));
  }

  /** Fills what remains of {@code target}. */
  static void fill(ByteBuffer target) {
    while (target.hasRemaining()) {
      target.put(upTo(target.remaining()));
    }
  }
}
