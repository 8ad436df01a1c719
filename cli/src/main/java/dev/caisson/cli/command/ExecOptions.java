/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.ProcessSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What can be said about a further command in a container. */
final class ExecOptions {
  @Option(
      names = {"-d", "--detach"},
      description = "leave it in the background")
  boolean detach;

  @Option(names = "--detach-keys", defaultValue = AttachOptions.DEFAULT_DETACH_KEYS)
  String detachKeys = AttachOptions.DEFAULT_DETACH_KEYS;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME=VALUE")
  List<String> environment = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE")
  List<String> environmentFiles = new ArrayList<>();

  @Option(
      names = {"-i", "--interactive"},
      description = "pass standard input on")
  boolean interactive;

  @Option(names = "--privileged", description = "with every capability")
  boolean privileged;

  @Option(
      names = {"-t", "--tty"},
      description = "with a terminal")
  boolean tty;

  @Option(
      names = {"-u", "--user"},
      defaultValue = "")
  String user = "";

  @Option(
      names = {"-w", "--workdir"},
      defaultValue = "")
  String directory = "";

  ExecSpec spec(List<String> command, Console console) {
    var size = console.size();
    return new ExecSpec(
        command,
        EnvironmentFile.merge(environmentFiles, environment, console),
        user,
        directory,
        tty,
        privileged,
        interactive,
        !detach,
        !detach,
        detachKeys,
        tty && size.rows() > 0
            ? Optional.of(new ProcessSpec.ConsoleSize(size.rows(), size.columns()))
            : Optional.empty());
  }
}
