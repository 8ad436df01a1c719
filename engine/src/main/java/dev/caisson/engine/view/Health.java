/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * What the health check found.
 *
 * @param log the last five probes, oldest first
 */
public record Health(Condition condition, int failingStreak, List<Probe> log) {
  public Health {
    log = List.copyOf(log);
  }

  /** How the workload is. */
  public enum Condition {
    NONE,
    STARTING,
    HEALTHY,
    UNHEALTHY;

    /** As Docker spells it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One run of the check.
   *
   * @param output at most 4,096 bytes
   */
  public record Probe(Instant start, Instant end, int exitCode, String output) {}
}
