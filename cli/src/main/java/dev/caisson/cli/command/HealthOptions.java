/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.spec.HealthcheckSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** How to tell whether a new container is well. */
final class HealthOptions {
  @Option(names = "--health-cmd", paramLabel = "COMMAND")
  Optional<String> command = Optional.empty();

  @Option(names = "--health-interval", paramLabel = "DURATION")
  Optional<String> interval = Optional.empty();

  @Option(names = "--health-timeout", paramLabel = "DURATION")
  Optional<String> timeout = Optional.empty();

  @Option(names = "--health-retries")
  Optional<Integer> retries = Optional.empty();

  @Option(names = "--health-start-period", paramLabel = "DURATION")
  Optional<String> startPeriod = Optional.empty();

  @Option(names = "--health-start-interval", paramLabel = "DURATION")
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
