/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.spec.HealthcheckSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** How to tell whether a new container is well. */
final class HealthOptions {
  @Option(
      names = "--health-cmd",
      paramLabel = "COMMAND",
      description = "a line for its shell that exits with 0 when it is well")
  Optional<String> command = Optional.empty();

  @Option(
      names = "--health-interval",
      paramLabel = "DURATION",
      description = "between checks (30s)")
  Optional<String> interval = Optional.empty();

  @Option(names = "--health-timeout", paramLabel = "DURATION", description = "for one check (30s)")
  Optional<String> timeout = Optional.empty();

  @Option(
      names = "--health-retries",
      paramLabel = "NUMBER",
      description = "failures in a row that make it unhealthy (3)")
  Optional<Integer> retries = Optional.empty();

  @Option(
      names = "--health-start-period",
      paramLabel = "DURATION",
      description = "in which failures do not count (0s)")
  Optional<String> startPeriod = Optional.empty();

  @Option(
      names = "--health-start-interval",
      paramLabel = "DURATION",
      description = "between checks in the start period (5s)")
  Optional<String> startInterval = Optional.empty();

  @Option(names = "--no-healthcheck", description = "not even the image's")
  boolean none;

  Optional<HealthcheckSpec> spec() {
    boolean said =
        command.isPresent()
            || interval.isPresent()
            || timeout.isPresent()
            || retries.isPresent()
            || startPeriod.isPresent()
            || startInterval.isPresent();
    if (!said && !none) {
      return Optional.empty();
    }
    var test =
        none ? List.of("NONE") : command.map(line -> List.of("CMD-SHELL", line)).orElse(List.of());
    return Optional.of(
        new HealthcheckSpec(
            test,
            duration(interval),
            duration(timeout),
            duration(startPeriod),
            duration(startInterval),
            retries.map(OptionalInt::of).orElse(OptionalInt.empty())));
  }

  private static Optional<Duration> duration(Optional<String> text) {
    return text.map(DurationWords::parse);
  }
}
