/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Health.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class HealthRulesTest {
  private static final Duration YOUNG = Duration.ofSeconds(1);
  private static final Duration OLD = Duration.ofHours(1);
  private static final Health NEW = new Health(Condition.STARTING, 0, List.of());

  private static HealthRules rules(Duration startPeriod, int retries) {
    return HealthRules.of(
        new HealthcheckSpec(
            List.of("CMD", "true"),
            Optional.of(Duration.ofSeconds(20)),
            Optional.empty(),
            Optional.of(startPeriod),
            Optional.of(Duration.ofSeconds(2)),
            OptionalInt.of(retries)));
  }

  private static Health.Probe exit(int code) {
    return new Health.Probe(Instant.EPOCH, Instant.EPOCH, code, "");
  }

  @Test
  void whatIsNotGivenIsAsDockerHasIt() {
    var rules =
        HealthRules.of(
            new HealthcheckSpec(
                List.of("CMD", "true"),
                Optional.of(Duration.ZERO),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty()));
    assertThat(rules)
        .isEqualTo(
            new HealthRules(
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ZERO,
                Duration.ofSeconds(5),
                3));
  }

  @Test
  void aStartPeriodProbesMoreOftenUntilTheFirstSuccess() {
    var rules = rules(Duration.ofMinutes(1), 3);
    assertThat(rules.wait(NEW, YOUNG)).hasSeconds(2);
    assertThat(rules.wait(NEW, OLD)).hasSeconds(20);
    assertThat(rules.wait(rules.after(NEW, exit(0), YOUNG), YOUNG)).hasSeconds(20);
  }

  @Test
  void failuresWithinTheStartPeriodDoNotCount() {
    var rules = rules(Duration.ofMinutes(1), 1);
    var health = rules.after(NEW, exit(1), YOUNG);
    assertThat(health.condition()).isEqualTo(Condition.STARTING);
    assertThat(health.failingStreak()).isZero();
    assertThat(rules.after(health, exit(1), OLD).condition()).isEqualTo(Condition.UNHEALTHY);
  }

  @Test
  void failuresAfterASuccessCountEvenWithinTheStartPeriod() {
    var rules = rules(Duration.ofMinutes(1), 1);
    var well = rules.after(NEW, exit(0), YOUNG);
    assertThat(rules.after(well, exit(1), YOUNG).condition()).isEqualTo(Condition.UNHEALTHY);
  }

  @Test
  void asManyFailuresInARowAsRetriesMakeItUnhealthyAndOneSuccessHeals() {
    var rules = rules(Duration.ZERO, 2);
    var once = rules.after(rules.after(NEW, exit(0), OLD), exit(1), OLD);
    assertThat(once.condition()).isEqualTo(Condition.HEALTHY);
    var twice = rules.after(once, exit(1), OLD);
    assertThat(twice.condition()).isEqualTo(Condition.UNHEALTHY);
    assertThat(twice.failingStreak()).isEqualTo(2);
    assertThat(rules.after(twice, exit(0), OLD).failingStreak()).isZero();
    assertThat(rules.after(twice, exit(0), OLD).condition()).isEqualTo(Condition.HEALTHY);
  }

  @Test
  void theLastFiveProbesAreKept() {
    var rules = rules(Duration.ZERO, 3);
    var health = NEW;
    for (int code = 0; code < 7; code++) {
      health = rules.after(health, exit(code), OLD);
    }
    assertThat(health.log()).extracting(Health.Probe::exitCode).containsExactly(2, 3, 4, 5, 6);
  }
}
