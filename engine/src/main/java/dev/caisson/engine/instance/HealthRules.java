/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Health.Condition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;

/**
 * When a health check is due, and what its results mean. Failures within the start period do not
 * count until the first success.
 *
 * @param retries failures in a row that make a container unhealthy
 */
record HealthRules(
    Duration interval,
    Duration timeout,
    Duration startPeriod,
    Duration startInterval,
    int retries) {
  private static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration START_INTERVAL = Duration.ofSeconds(5);
  private static final int RETRIES = 3;

  /** Probes that are kept to be looked at. */
  private static final int KEPT = 5;

  /** What is not given, or zero, is as Docker has it. */
  static HealthRules of(HealthcheckSpec check) {
    int retries = check.retries().orElse(0);
    return new HealthRules(
        orDefault(check.interval(), INTERVAL),
        orDefault(check.timeout(), TIMEOUT),
        check.startPeriod().orElse(Duration.ZERO),
        orDefault(check.startInterval(), START_INTERVAL),
        retries > 0 ? retries : RETRIES);
  }

  private static Duration orDefault(Optional<Duration> given, Duration otherwise) {
    return given.filter(value -> !value.isZero()).orElse(otherwise);
  }

  /**
   * How long to wait for the next probe.
   *
   * @param age since the start of the run
   */
  Duration wait(Health now, Duration age) {
    boolean quick = starting(now, age) && startInterval.compareTo(interval) < 0;
    return quick ? startInterval : interval;
  }

  private boolean starting(Health now, Duration age) {
    return now.condition() == Condition.STARTING && age.compareTo(startPeriod) < 0;
  }

  /**
   * What is known after a probe.
   *
   * @param age of the run, as for {@link #wait}
   */
  Health after(Health before, Health.Probe result, Duration age) {
    boolean well = result.exitCode() == 0;
    int failed = starting(before, age) ? before.failingStreak() : before.failingStreak() + 1;
    int streak = well ? 0 : failed;
    var condition =
        well ? Condition.HEALTHY : streak >= retries ? Condition.UNHEALTHY : before.condition();
    var log = new ArrayList<>(before.log());
    log.add(result);
    return new Health(condition, streak, log.subList(Math.max(0, log.size() - KEPT), log.size()));
  }
}
