/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Removes control groups of ended runs. rmdir(2) of eight hierarchies takes about a third of a
 * millisecond, and processes still leaving make it wait, so nobody's start or exit does it itself.
 */
final class GroupReaper {
  private static final System.Logger LOG = System.getLogger(GroupReaper.class.getName());
  private static final int MOST_TRIES = 40;
  // Doubled at each try: the last exiting task is seldom in the way for more than a few steps.
  private static final long FIRST_PAUSE = 100_000;
  private static final long LONGEST_PAUSE = 500_000_000;

  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("container-cleanup").factory());

  /** Kills what is left in a group and removes it; the future completes when that is done. */
  CompletableFuture<Void> reap(Cgroup group, Runnable afterwards) {
    var done = new CompletableFuture<Void>();
    worker.execute(() -> attempt(group, 0, afterwards, done));
    return done;
  }

  private void attempt(Cgroup group, int tries, Runnable afterwards, CompletableFuture<Void> done) {
    try {
      if (group.remove()) {
        afterwards.run();
        done.complete(null);
        return;
      }
      if (tries >= MOST_TRIES) {
        LOG.log(
            System.Logger.Level.WARNING,
            "control group still in use, left for the next start of the engine: {0}",
            group.directories());
        done.complete(null);
        return;
      }
      if (tries > 3) {
        group.kill();
      }
      var _ =
          worker.schedule(
              () -> attempt(group, tries + 1, afterwards, done),
              Math.min(FIRST_PAUSE << Math.min(tries, 20), LONGEST_PAUSE),
              TimeUnit.NANOSECONDS);
    } catch (RuntimeException failed) {
      LOG.log(System.Logger.Level.WARNING, "control group not removed", failed);
      done.complete(null);
    }
  }
}
