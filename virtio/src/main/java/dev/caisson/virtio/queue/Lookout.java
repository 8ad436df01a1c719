/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * How long the worker of a queue keeps looking for the next request, with kicks off, before it asks
 * for one and sleeps: a guest that need not kick saves an exit, and nobody has to be woken.
 *
 * <p>It looks only where that pays. The time grows while requests come soon after the last, to a
 * limit, and shrinks to nothing where they do not. Whoever else wants the processor has it at once;
 * then nothing is looked for in the next milliseconds, more of them each time. Used by one thread
 * at a time.
 */
public final class Lookout {
  /** The longest that one request of a guest is looked for which a processor runs. */
  public static final Duration VIRTUALIZED = Duration.ofNanos(200_000);

  /** The longest for an emulated one, whose next request takes 100 to 900 µs. */
  public static final Duration EMULATED = Duration.ofMillis(1);

  private static final long LEAST_NANOS = 20_000; // less than a wake-up costs
  // What QEMU does for one request takes less; a thread that computes keeps a processor for longer.
  private static final long CROWDED_NANOS = 300_000;
  private static final long BARRED_NANOS = 5_000_000;
  private static final int MOST_DOUBLINGS = 6;
  private static final int MOST_IN_A_ROW = 256; // then the worker hears whether it shall stop

  private final BooleanSupplier arrived;
  private final long most;
  private final LongSupplier clock;
  private final Runnable giveWay;

  private long window;
  private long emptySince;
  private long barredUntil;
  private int doublings;
  private int inARow;

  /**
   * @param most the longest that one request is looked for; zero for never
   */
  public Lookout(VirtQueue ring, Duration most) {
    // sched_yield(2): another thread that waits for this processor runs first.
    this(() -> !ring.isEmpty(), most, System::nanoTime, Thread::yield);
  }

  /**
   * @param arrived whether a request is there
   * @param clock in nanoseconds
   * @param giveWay lets others have the processor
   */
  Lookout(BooleanSupplier arrived, Duration most, LongSupplier clock, Runnable giveWay) {
    this.arrived = arrived;
    this.most = most.toNanos();
    this.clock = clock;
    this.giveWay = giveWay;
    this.emptySince = clock.getAsLong();
    this.barredUntil = emptySince;
  }

  /** The worker was woken: how long the queue was empty says whether looking would have paid. */
  public void woken() {
    long now = clock.getAsLong();
    inARow = 0;
    if (now - emptySince > most) {
      window = window > LEAST_NANOS ? window / 2 : 0;
    } else if (now - barredUntil >= 0) {
      window = Math.min(most, Math.max(LEAST_NANOS, window * 2));
    }
  }

  /**
   * The queue is empty: looks for the next request.
   *
   * @return whether it is there; false also when it is not worth looking
   * @throws dev.caisson.virtio.VirtioException GUEST when the ring makes no sense
   */
  public boolean finds() {
    long last = clock.getAsLong();
    emptySince = last;
    if (window == 0 || inARow == MOST_IN_A_ROW) {
      return false;
    }
    long end = last + window;
    while (last - end < 0) {
      giveWay.run();
      boolean there = arrived.getAsBoolean();
      long now = clock.getAsLong();
      // The guest's own processor may have been what ran here meanwhile.
      if (now - last > (there ? most : CROWDED_NANOS)) {
        bar(now);
        return there;
      }
      if (there) {
        inARow++;
        doublings = Math.max(0, doublings - 1);
        return true;
      }
      last = now;
    }
    return false;
  }

  private void bar(long now) {
    window = 0;
    barredUntil = now + (BARRED_NANOS << doublings);
    doublings = Math.min(MOST_DOUBLINGS, doublings + 1);
  }
}
