/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How an image asks to be probed; Docker's extension of the OCI configuration.
 *
 * @param test {@code NONE}, or {@code CMD} with arguments, or {@code CMD-SHELL} with one line;
 *     empty inherits
 * @param retries failures in a row that make a container unhealthy; 0 inherits
 */
public record HealthCheck(
    List<String> test,
    Optional<Duration> interval,
    Optional<Duration> timeout,
    Optional<Duration> startPeriod,
    Optional<Duration> startInterval,
    long retries) {
  public HealthCheck {
    test = List.copyOf(test);
  }

  static HealthCheck parse(JsonFields fields) {
    return new HealthCheck(
        fields.texts("Test"),
        nanos(fields, "Interval"),
        nanos(fields, "Timeout"),
        nanos(fields, "StartPeriod"),
        nanos(fields, "StartInterval"),
        fields.optionalCount("Retries").orElse(0L));
  }

  // Go writes a duration as whole nanoseconds, and 0 for one that is not set.
  private static Optional<Duration> nanos(JsonFields fields, String name) {
    return fields.optionalCount(name).filter(n -> n > 0).map(Duration::ofNanos);
  }
}
