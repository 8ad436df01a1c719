/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.Optional;

/**
 * Where a container is in its life.
 *
 * @param pid of its first process on the host; 0 when there is none
 * @param exitCode of its last run
 * @param error of its last failed start
 */
public record InstanceState(
    Status status,
    int pid,
    int exitCode,
    boolean oomKilled,
    String error,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    Optional<Health> health) {
  /** True also while paused, as Docker counts it. */
  public boolean running() {
    return status == Status.RUNNING || status == Status.PAUSED || status == Status.RESTARTING;
  }
}
