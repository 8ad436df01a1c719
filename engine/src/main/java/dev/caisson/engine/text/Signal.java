/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import dev.caisson.engine.EngineException;
import java.util.Locale;
import java.util.Map;

/** Signals by the names and numbers of Linux on x86-64 and arm64. signal(7) */
public final class Signal {
  public static final int KILL = 9;
  public static final int TERM = 15;

  private static final int RTMIN = 34;
  private static final int LARGEST = 64;

  private static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("HUP", 1),
          Map.entry("INT", 2),
          Map.entry("QUIT", 3),
          Map.entry("ILL", 4),
          Map.entry("TRAP", 5),
          Map.entry("ABRT", 6),
          Map.entry("IOT", 6),
          Map.entry("BUS", 7),
          Map.entry("FPE", 8),
          Map.entry("KILL", 9),
          Map.entry("USR1", 10),
          Map.entry("SEGV", 11),
          Map.entry("USR2", 12),
          Map.entry("PIPE", 13),
          Map.entry("ALRM", 14),
          Map.entry("TERM", 15),
          Map.entry("STKFLT", 16),
          Map.entry("CHLD", 17),
          Map.entry("CLD", 17),
          Map.entry("CONT", 18),
          Map.entry("STOP", 19),
          Map.entry("TSTP", 20),
          Map.entry("TTIN", 21),
          Map.entry("TTOU", 22),
          Map.entry("URG", 23),
          Map.entry("XCPU", 24),
          Map.entry("XFSZ", 25),
          Map.entry("VTALRM", 26),
          Map.entry("PROF", 27),
          Map.entry("WINCH", 28),
          Map.entry("IO", 29),
          Map.entry("POLL", 29),
          Map.entry("PWR", 30),
          Map.entry("SYS", 31),
          Map.entry("RTMIN", RTMIN),
          Map.entry("RTMAX", LARGEST));

  private Signal() {}

  /** Reads {@code SIGTERM}, {@code term}, {@code 15}, {@code RTMIN+2}. */
  public static int parse(String text) {
    var name = text.toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    }
    var number = NUMBERS.get(name);
    if (number != null) {
      return number;
    }
    try {
      int parsed =
          name.startsWith("RTMIN+")
              ? RTMIN + Integer.parseInt(name.substring(6))
              : name.startsWith("RTMAX-")
                  ? LARGEST - Integer.parseInt(name.substring(6))
                  : Integer.parseInt(name);
      if (parsed >= 1 && parsed <= LARGEST) {
        return parsed;
      }
    } catch (NumberFormatException e) {
      // told below, like a number out of range
    }
    throw EngineException.invalid(
        "Invalid signal: " + text, "use a name as TERM or a number of 1 to " + LARGEST);
  }
}
