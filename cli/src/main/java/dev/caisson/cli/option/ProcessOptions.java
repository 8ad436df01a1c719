/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.spec.ProcessSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a program in a container is run: what {@code run} and {@code exec} have in common. */
public final class ProcessOptions {
  @Option(
      names = {"-i", "--interactive"},
      description = "pass standard input on")
  public boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "with a terminal")
  boolean tty;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = "a variable; without a value the caller's own; may be repeated")
  List<String> environment = new ArrayList<>();

  @Option(
      names = "--env-file",
      paramLabel = "FILE",
      description = "with a variable a line; may be repeated")
  List<String> environmentFiles = new ArrayList<>();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "NAME|UID[:GROUP]",
      defaultValue = "",
      description = "whose rights it has")
  String user = "";

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      defaultValue = "",
      description = "where it starts")
  String directory = "";

  List<String> environment(Console console) {
    return EnvironmentFile.merge(environmentFiles, environment, console);
  }

  /** Of the terminal it gets, if it gets one and the caller's has a size. */
  Optional<ProcessSpec.ConsoleSize> consoleSize(Console console) {
    var size = console.size();
    return tty && size.rows() > 0
        ? Optional.of(new ProcessSpec.ConsoleSize(size.rows(), size.columns()))
        : Optional.empty();
  }
}
