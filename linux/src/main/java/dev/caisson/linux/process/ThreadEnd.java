/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

/** Waiting for a thread that uses what is freed next, so that no interrupt may cut it short. */
public final class ThreadEnd {
  private static final long PATIENCE_MILLIS = 1000;
  private static final long AGAIN_MILLIS = 20;

  private ThreadEnd() {}

  /**
   * Returns once the thread has ended; at once if it is the caller, or was never started. An
   * interrupt that comes meanwhile is kept.
   */
  public static void await(Thread thread) {
    await(thread, () -> {}, 0);
  }

  /**
   * As {@link #await(Thread)}, for a thread that may hang in a system call: after a second, and
   * then again and again, it is nudged.
   *
   * @param nudge has the call end with EINTR
   */
  public static void await(Thread thread, Runnable nudge) {
    await(thread, nudge, PATIENCE_MILLIS);
  }

  private static void await(Thread thread, Runnable nudge, long firstMillis) {
    boolean interrupted = false;
    long millis = firstMillis;
    while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
      try {
        thread.join(millis);
        if (firstMillis > 0 && thread.isAlive()) {
          nudge.run();
          millis = AGAIN_MILLIS;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
