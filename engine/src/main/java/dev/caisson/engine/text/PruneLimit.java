/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Locale;

/**
 * The filter {@code until} of prunes: a time, seconds since 1970, or an age as {@code 1h30m}.
 *
 * @param before only what is older may go
 */
public record PruneLimit(Instant before) {
  public static PruneLimit of(Filters filters, Clock clock) {
    var before = Instant.MAX;
    for (var text : filters.of("until")) {
      before = parse(text, clock);
    }
    return new PruneLimit(before);
  }

  public boolean accepts(Instant created) {
    return created.isBefore(before);
  }

  /** Reads a time as Docker's clients write it. */
  public static Instant parse(String text, Clock clock) {
    try {
      if (text.matches("[0-9]{1,12}(\\.[0-9]{1,9})?")) {
        double seconds = Double.parseDouble(text);
        return Instant.ofEpochMilli((long) (seconds * 1000));
      }
      if (text.matches("([0-9.]+(h|m|s|ms))+")) {
        return clock.instant().minus(Duration.parse("PT" + text.toUpperCase(Locale.ROOT)));
      }
      if (text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+)?")) { // without a zone: here
        var time = text.length() == 10 ? text + "T00:00" : text;
        return LocalDateTime.parse(time).atZone(ZoneId.systemDefault()).toInstant();
      }
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new EngineException(
          EngineException.Kind.INVALID,
          "invalid time '" + text + "'",
          "write 2026-11-22T20:00:00Z, seconds since 1970, or an age as 1h30m",
          e);
    }
  }
}
