/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.EngineException;
import java.time.Duration;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 1m30s}, {@code 500ms}. */
public final class DurationWords {
  private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|µs|ms|s|m|h)");

  private DurationWords() {}

  public static Duration parse(String text) {
    var match = PART.matcher(text);
    double nanos = 0;
    int end = 0;
    while (match.lookingAt()) {
      nanos += Double.parseDouble(match.group(1)) * unit(match.group(2));
      end = match.end();
      match.region(end, text.length());
    }
    if (end == 0 || end < text.length()) {
      throw EngineException.invalid("invalid duration \"" + text + "\"", "write 30s or 1m30s");
    }
    return Duration.ofNanos((long) nanos);
  }

  private static double unit(String name) {
    return switch (name) {
      case "ns" -> 1;
      case "us", "µs" -> 1e3;
      case "ms" -> 1e6;
      case "s" -> 1e9;
      case "m" -> 60e9;
      default -> 3600e9;
    };
  }
}
