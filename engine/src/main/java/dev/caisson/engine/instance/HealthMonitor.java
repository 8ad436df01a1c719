/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Health.Condition;
import dev.caisson.engine.workload.EffectiveConfig;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Executable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs a container's health check again and again during one run. */
final class HealthMonitor {
  private final InstanceRecord record;
  private final Pauses pauses;
  private final HealthRules rules;
  private final HealthProbe probe;
  private final Surroundings around;
  private final Instant started;
  private volatile Health health = new Health(Condition.STARTING, 0, List.of());
  private volatile boolean stopped;

  private HealthMonitor(
      InstanceRecord record,
      Pauses pauses,
      HealthRules rules,
      HealthProbe probe,
      Surroundings around) {
    this.record = record;
    this.pauses = pauses;
    this.rules = rules;
    this.probe = probe;
    this.around = around;
    this.started = record.progress().startedAt().orElseGet(around.clock()::instant);
  }

  /** Begins to watch, if the container has a check and can run it. */
  static Optional<HealthMonitor> watch(
      InstanceRecord record, Pauses pauses, Sandbox sandbox, Surroundings around) {
    var check = record.definition().effective().healthcheck();
    if (check.isEmpty() || check.get().disabled() || check.get().test().isEmpty()) {
      return Optional.empty();
    }
    return sandbox
        .ability(Executable.class)
        .map(executable -> {
          var command = EffectiveConfig.healthCommand(check.get().test());
          var rules = HealthRules.of(check.get());
          var probe = new HealthProbe(executable, command, rules.timeout(), around.clock());
          var monitor = new HealthMonitor(record, pauses, rules, probe, around);
          monitor.schedule();
          return monitor;
        });
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
                rules.wait(health, age()).toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private Duration age() {
    return Duration.between(started, around.clock().instant());
  }

  private void probe() {
    if (stopped) {
      return;
    }
    if (!pauses.paused()) {
      book(probe.run());
    }
    if (!stopped) {
      schedule();
    }
  }

  private void book(Health.Probe result) {
    var before = health;
    var next = rules.after(before, result, age());
    health = next;
    if (next.condition() != before.condition() && !stopped) {
      record.event("health_status: " + next.condition());
    }
  }
}
