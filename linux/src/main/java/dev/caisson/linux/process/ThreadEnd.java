/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

/** Waiting for a thread that uses what is freed next, so that no interrupt may cut it short. */
public final class ThreadEnd {
  private ThreadEnd() {}

  /**
   * Returns once the thread has ended; at once if it is the caller, or was never started. An
   * interrupt that comes meanwhile is kept.
   */
  public static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
