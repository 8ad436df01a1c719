/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import dev.caisson.engine.EngineException;
import java.util.Locale;

/**
 * A port of a container.
 *
 * @param number 1 to 65,535
 */
public record PortSpec(int number, Protocol protocol) implements Comparable<PortSpec> {
  /** What runs on top of IP. */
  public enum Protocol {
    TCP,
    UDP,
    SCTP
  }

  public PortSpec {
    if (number < 1 || number > 65_535) {
      throw EngineException.invalid("invalid port " + number, "use 1 to 65535");
    }
  }

  /** Reads {@code 80}, {@code 80/udp}. */
  public static PortSpec parse(String text) {
    int slash = text.indexOf('/');
    var digits = slash < 0 ? text : text.substring(0, slash);
    try {
      var protocol =
          slash < 0
              ? Protocol.TCP
              : Protocol.valueOf(text.substring(slash + 1).toUpperCase(Locale.ROOT));
      return new PortSpec(Integer.parseInt(digits), protocol);
    } catch (IllegalArgumentException e) {
      throw new EngineException(
          EngineException.Kind.INVALID, "invalid port '" + text + "'", "write 80 or 53/udp", e);
    }
  }

  @Override
  public int compareTo(PortSpec other) {
    return number != other.number
        ? Integer.compare(number, other.number)
        : protocol.compareTo(other.protocol);
  }

  /** As {@code 80/tcp}. */
  @Override
  public String toString() {
    return number + "/" + protocol.name().toLowerCase(Locale.ROOT);
  }
}
