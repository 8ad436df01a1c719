/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.server.http.HttpException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** Times as Go writes and Docker's clients send them. */
final class Times {
  /** What Go calls the zero time: "never". */
  static final String ZERO = "0001-01-01T00:00:00Z";

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Times() {}

  /** RFC 3339 with as many digits as needed: Go's RFC3339Nano. */
  static String rfc3339Nano(Instant time) {
    String seconds = SECONDS.format(time);
    if (time.getNano() == 0) {
      return seconds + "Z";
    }
    String digits = String.format(Locale.ROOT, "%09d", time.getNano());
    return seconds + "." + digits.replaceFirst("0+$", "") + "Z";
  }

  /** Nine digits always, so that the lines of a log align. */
  static String logStamp(Instant time) {
    return SECONDS.format(time) + String.format(Locale.ROOT, ".%09dZ", time.getNano());
  }

  static String orZero(Optional<Instant> time) {
    return time.map(Times::rfc3339Nano).orElse(ZERO);
  }

  /**
   * A query parameter: seconds with a fraction, RFC 3339, or a duration before now such as {@code
   * 10m}.
   */
  static Optional<Instant> query(Optional<String> text, Instant now) {
    return text.filter(value -> !value.equals("0")).map(value -> parse(value, now));
  }

  private static Instant parse(String text, Instant now) {
    try {
      if (text.matches("-?\\d+(\\.\\d+)?")) {
        int dot = text.indexOf('.');
        long seconds = Long.parseLong(dot < 0 ? text : text.substring(0, dot));
        String fraction = dot < 0 ? "" : text.substring(dot + 1);
        return Instant.ofEpochSecond(
            seconds, Long.parseLong((fraction + "000000000").substring(0, 9)));
      }
      if (text.matches("(\\d+(\\.\\d+)?(h|m|s|ms))+")) {
        return now.minus(Duration.parse("PT" + text.toUpperCase(Locale.ROOT)));
      }
      return text.contains("T")
          ? OffsetDateTime.parse(text.matches(".*(Z|[+-]\\d\\d:\\d\\d)$") ? text : text + "Z")
              .toInstant()
          : OffsetDateTime.parse(text + "T00:00:00Z").toInstant();
    } catch (DateTimeException | NumberFormatException malformed) {
      throw HttpException.badRequest(
          "'" + text + "' is no time: use seconds, RFC 3339 or a duration such as 10m");
    }
  }
}
