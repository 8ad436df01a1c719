/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.DiskException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** A progress listener that makes a copy wait where it would be faster than it may. */
public final class RateLimit implements LongConsumer {
  private final long bytesPerSecond;
  private final LongConsumer next;
  private final long start = System.nanoTime();

  /**
   * @param bytesPerSecond 1 or more
   * @param next is told the same
   */
  public RateLimit(long bytesPerSecond, LongConsumer next) {
    if (bytesPerSecond < 1) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "a copy needs a rate of 1 byte a second or more");
    }
    this.bytesPerSecond = bytesPerSecond;
    this.next = next;
  }

  @Override
  public void accept(long done) {
    next.accept(done);
    double due = done * 1e9 / bytesPerSecond;
    long early = (long) due - (System.nanoTime() - start);
    try {
      TimeUnit.NANOSECONDS.sleep(early); // not at all if it is late
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new DiskException(DiskException.Kind.IO, "copying was interrupted", stopped);
    }
  }
}
