/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 1m30s}, {@code 500ms}. */
final class Durations {
  private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|ms|s|m|h)");

  private Durations() {}

  static Duration parse(String text) {
    Matcher part = PART.matcher(text);
    double nanoseconds = 0;
    int end = 0;
    while (part.find() && part.start() == end) {
      nanoseconds += Double.parseDouble(part.group(1)) * unit(part.group(2));
      end = part.end();
    }
    if (end == 0 || end != text.length()) {
      throw new BuildException("'" + text + "' is no duration: write 30s or 1m30s");
    }
    return Duration.ofNanos((long) nanoseconds);
  }

  private static double unit(String name) {
    return switch (name) {
      case "h" -> 3_600e9;
      case "m" -> 60e9;
      case "s" -> 1e9;
      case "ms" -> 1e6;
      case "us" -> 1e3;
      default -> 1;
    };
  }
}
