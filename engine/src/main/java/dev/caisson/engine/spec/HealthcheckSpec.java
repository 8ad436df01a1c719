/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How to tell whether the workload is well. What is empty comes from the image, then from Docker's
 * defaults: every 30 s, 30 s to answer, 3 failures, no start period.
 *
 * @param test {@code NONE}; {@code CMD} and words; {@code CMD-SHELL} and a line; empty for the
 *     image's
 */
public record HealthcheckSpec(
    List<String> test,
    Optional<Duration> interval,
    Optional<Duration> timeout,
    Optional<Duration> startPeriod,
    Optional<Duration> startInterval,
    OptionalInt retries) {
  public HealthcheckSpec {
    test = List.copyOf(test);
  }

  /** True when it says that there shall be no check. */
  public boolean disabled() {
    return !test.isEmpty() && test.getFirst().equals("NONE");
  }
}
