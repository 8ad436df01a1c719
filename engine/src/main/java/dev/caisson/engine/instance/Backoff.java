/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.spec.RestartPolicy;
import java.time.Duration;

/**
 * When a container that ended is started again: 100 ms after the first end, twice as long after
 * each further one up to a minute, from the beginning once a run lasted 10 s. So does dockerd.
 */
final class Backoff {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration GOOD_RUN = Duration.ofSeconds(10);

  private Duration next = FIRST;

  /** How long to wait after a run of this length. */
  Duration after(Duration run) {
    if (run.compareTo(GOOD_RUN) >= 0) {
      next = FIRST;
    }
    var wait = next;
    var twice = next.multipliedBy(2);
    next = twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
    return wait;
  }

  /**
   * Whether the policy wants another run.
   *
   * @param restarts by the policy so far
   */
  static boolean wanted(RestartPolicy policy, int exitCode, int restarts, boolean stoppedByHand) {
    if (stoppedByHand) {
      return false;
    }
    return switch (policy.name()) {
      case NO -> false;
      case ALWAYS, UNLESS_STOPPED -> true;
      case ON_FAILURE ->
          exitCode != 0 && (policy.maximumRetries() == 0 || restarts < policy.maximumRetries());
    };
  }
}
