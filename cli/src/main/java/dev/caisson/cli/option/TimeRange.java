/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.text.PruneLimit;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Option;

/** From when until when. */
public final class TimeRange {
  @Option(names = "--since", paramLabel = "TIME", description = "a time, or an age as 10m")
  Optional<String> since = Optional.empty();

  @Option(names = "--until", paramLabel = "TIME", description = "a time, or an age as 10m")
  Optional<String> until = Optional.empty();

  public Optional<Instant> from() {
    return since.map(TimeRange::parse);
  }

  public Optional<Instant> to() {
    return until
        .filter(text -> !text.equals("0"))
        .map(TimeRange::parse); // 0 is no end, as for docker
  }

  private static Instant parse(String text) {
    return PruneLimit.parse(text, Clock.systemUTC());
  }
}
