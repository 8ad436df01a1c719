/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The next run of one container, when its restart policy has asked for one. */
final class Restarts {
  private final ScheduledExecutorService timer;
  private final Executor background;
  private final Runnable start;
  private final Backoff backoff = new Backoff();
  private @Nullable Future<?> due;

  /**
   * @param start called on {@code background} when the time has come; asks {@link #take} first
   */
  Restarts(ScheduledExecutorService timer, Executor background, Runnable start) {
    this.timer = timer;
    this.background = background;
    this.start = start;
  }

  /** Asks for a run after one of this length; the shorter they are, the longer it waits. */
  void after(Duration run) {
    schedule(backoff.after(run));
  }

  /** Asks for a run without waiting. */
  void now() {
    schedule(Duration.ZERO);
  }

  private synchronized void schedule(Duration wait) {
    due = timer.schedule(() -> background.execute(start), wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** True once for each run that was asked for and not cancelled. */
  synchronized boolean take() {
    boolean wanted = due != null;
    due = null;
    return wanted;
  }

  synchronized void cancel() {
    if (due != null) {
      due.cancel(false);
      due = null;
    }
  }
}
