/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import java.nio.ByteBuffer;

/** A stretch of zeroes to copy from. */
public final class Zeroes {
  private static final ByteBuffer STRETCH = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private Zeroes() {}

  /** Up to {@code most} zeroes. */
  public static ByteBuffer upTo(long most) {
    var zeroes = STRETCH.duplicate();
    return zeroes.limit((int) Math.min(zeroes.capacity(), most));
  }

  /** Fills what remains of {@code target}. */
  public static void fill(ByteBuffer target) {
    while (target.hasRemaining()) {
      target.put(upTo(target.remaining()));
    }
  }
}
