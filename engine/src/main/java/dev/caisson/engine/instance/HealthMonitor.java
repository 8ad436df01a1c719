/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Health.Condition;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.EffectiveConfig;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Executable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs a container's health check again and again during one run. Failures within the start period
 * do not count until the first success.
 */
final class HealthMonitor {
  private static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration START_INTERVAL = Duration.ofSeconds(5);
  private static final int RETRIES = 3;
  private static final int KEPT = 5;

  private final Instance instance;
  private final HealthcheckSpec check;
  private final HealthProbe probe;
  private final Surroundings around;
  private final Instant started;
  private volatile Health health = new Health(Condition.STARTING, 0, List.of());
  private volatile boolean stopped;

  private HealthMonitor(
      Instance instance, HealthcheckSpec check, HealthProbe probe, Surroundings around) {
    this.instance = instance;
    this.check = check;
    this.probe = probe;
    this.around = around;
    this.started = instance.progress().startedAt().orElseGet(around.clock()::instant);
  }

  /** Begins to watch, if the container has a check and can run it. */
  static Optional<HealthMonitor> watch(Instance instance, Sandbox sandbox, Surroundings around) {
    var check = instance.definition().effective().healthcheck();
    if (check.isEmpty() || check.get().disabled() || check.get().test().isEmpty()) {
      return Optional.empty();
    }
    return sandbox
        .ability(Executable.class)
        .map(executable -> {
          var command = EffectiveConfig.healthCommand(check.get().test());
          var timeout = orDefault(check.get().timeout(), TIMEOUT);
          var probe = new HealthProbe(executable, command, timeout, around.clock());
          var monitor = new HealthMonitor(instance, check.get(), probe, around);
          monitor.schedule();
          return monitor;
        });
  }

  private static Duration orDefault(Optional<Duration> given, Duration otherwise) {
    return given.filter(value -> !value.isZero()).orElse(otherwise);
  }

  Health health() {
    return health;
  }

  void stop() {
    stopped = true;
  }

  private void schedule() {
    var unused = // failures become probe results
        around
            .timer()
            .schedule(
                () -> around.background().execute(this::probe),
                nextWait().toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private Duration nextWait() {
    var interval = orDefault(check.interval(), INTERVAL);
    if (health.condition() != Condition.STARTING || !starting(around.clock())) {
      return interval;
    }
    var quick = orDefault(check.startInterval(), START_INTERVAL);
    return quick.compareTo(interval) < 0 ? quick : interval;
  }

  private boolean starting(Clock clock) {
    var period = check.startPeriod().orElse(Duration.ZERO);
    return clock.instant().isBefore(started.plus(period));
  }

  private void probe() {
    if (stopped) {
      return;
    }
    if (instance.status() != Status.PAUSED) {
      book(probe.run());
    }
    if (!stopped) {
      schedule();
    }
  }

  private void book(Health.Probe result) {
    var before = health;
    boolean well = result.exitCode() == 0;
    boolean excused = before.condition() == Condition.STARTING && starting(around.clock());
    int streak = well ? 0 : excused ? before.failingStreak() : before.failingStreak() + 1;
    int retries =
        check.retries().isPresent() && check.retries().getAsInt() > 0
            ? check.retries().getAsInt()
            : RETRIES;
    var condition =
        well ? Condition.HEALTHY : streak >= retries ? Condition.UNHEALTHY : before.condition();
    var log = new ArrayList<>(before.log());
    log.add(result);
    health = new Health(condition, streak, log.subList(Math.max(0, log.size() - KEPT), log.size()));
    if (condition != before.condition() && !stopped) {
      instance.event("health_status: " + condition);
    }
  }
}
