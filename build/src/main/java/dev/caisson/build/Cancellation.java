/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Tells a build that its result is not wanted any more, whatever it is waiting for. */
public final class Cancellation {
  private final Set<Runnable> actions = new LinkedHashSet<>();
  private boolean cancelled;

  /** One that has not happened. */
  public Cancellation() {}

  /** Ends what is going on; further steps do not begin. */
  public void cancel() {
    List<Runnable> now;
    synchronized (this) {
      cancelled = true;
      now = List.copyOf(actions);
      actions.clear();
    }
    now.forEach(Runnable::run);
  }

  /**
   * @throws BuildException when it was cancelled
   */
  synchronized void check() {
    if (cancelled) {
      throw new BuildException("the build was canceled by its client");
    }
  }

  /** While this is open, a cancellation runs {@code action}, at once when there was one already. */
  Registration during(Runnable action) {
    boolean late;
    synchronized (this) {
      late = cancelled;
      if (!late) {
        actions.add(action);
      }
    }
    if (late) {
      action.run();
    }
    return () -> {
      synchronized (this) {
        actions.remove(action);
      }
    };
  }

  /** Ends without an exception. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
