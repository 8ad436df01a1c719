/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.EngineException;
import java.util.Locale;

/** What to try after a failure whose thrower had no remedy of its own, by what was missing. */
final class Suggestions {
  private Suggestions() {}

  /** Empty where the message itself ends with what to do, or where nothing sensible can be said. */
  static String after(EngineException failure, String path) {
    String message = String.valueOf(failure.getMessage());
    if (!failure.remedy().isEmpty() || message.contains("try: ")) {
      return failure.remedy();
    }
    return switch (failure.kind()) {
      case NOT_FOUND -> looking(message.toLowerCase(Locale.ROOT));
      case INVALID, UNSUPPORTED -> help(path);
      case UNAVAILABLE -> "caisson doctor, for what this host lacks";
      case UNAUTHORIZED -> "caisson login with the name of that registry";
      case IO -> "whether the path exists, may be read, and has space: ls -ld, df -h";
      case NOT_MODIFIED, CONFLICT, FORBIDDEN, NOT_EXECUTABLE, COMMAND_NOT_FOUND -> "";
      case INTERNAL ->
          message.contains("did not start")
              ? "caisson explain with the same arguments, to see the step; caisson doctor"
              : "";
    };
  }

  private static String help(String path) {
    return (path.isEmpty() ? "the command with" : "caisson " + path) + " --help";
  }

  private static String looking(String message) {
    if (message.contains("image")) {
      return "caisson image ls, for those here; caisson pull, for others";
    }
    if (message.contains("network")) {
      return "caisson network ls";
    }
    if (message.contains("volume")) {
      return "caisson volume ls";
    }
    return message.contains("container") ? "caisson ps -a" : "";
  }
}
