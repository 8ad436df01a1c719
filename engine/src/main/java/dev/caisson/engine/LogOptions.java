/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * Which lines of a container's log to read.
 *
 * @param tail the last so many lines; negative for all
 * @param since lines at or after this time
 * @param until lines up to this time
 * @param follow wait for more until the container stops
 */
public record LogOptions(
    boolean stdout,
    boolean stderr,
    boolean follow,
    int tail,
    Optional<Instant> since,
    Optional<Instant> until) {
  /** Everything written so far. */
  public static LogOptions everything() {
    return new LogOptions(true, true, false, -1, Optional.empty(), Optional.empty());
  }
}
