/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** What RUN, CMD, ENTRYPOINT and HEALTHCHECK execute. */
public sealed interface Command {
  /** One string for the shell of the stage. */
  record Shell(String line) implements Command {}

  /** Arguments executed as they are. */
  record Exec(List<String> arguments) implements Command {
    public Exec {
      arguments = List.copyOf(arguments);
    }
  }

  /** The arguments to execute, with {@code shell} before a shell form. */
  default List<String> arguments(List<String> shell) {
    return switch (this) {
      case Shell(String line) -> {
        var all = new ArrayList<>(shell);
        all.add(line);
        yield List.copyOf(all);
      }
      case Exec(List<String> arguments) -> arguments;
    };
  }
}
