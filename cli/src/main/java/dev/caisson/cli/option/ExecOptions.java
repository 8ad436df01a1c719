/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.spec.ExecSpec;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What can be said about a further command in a container. */
public final class ExecOptions {
  @Mixin public ProcessOptions process = new ProcessOptions();
  @Mixin DetachKeysOption detachKeys = new DetachKeysOption();

  @Option(
      names = {"-d", "--detach"},
      description = "leave it in the background")
  public boolean detach;

  @Option(names = "--privileged", description = "with every capability")
  boolean privileged;

  public ExecSpec spec(List<String> command, Console console) {
    if (process.interactive && process.tty && !detach && !console.isTerminal(0)) {
      throw new NoTerminalException();
    }
    return new ExecSpec(
        command,
        process.environment(console),
        process.user,
        process.directory,
        process.tty,
        privileged,
        process.interactive,
        !detach,
        !detach,
        detachKeys.keys,
        process.consoleSize(console));
  }
}
