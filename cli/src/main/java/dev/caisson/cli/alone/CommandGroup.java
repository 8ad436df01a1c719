/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.alone;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.command.SpokenSpec;
import dev.caisson.cli.console.Console;
import dev.caisson.cli.words.Spoken;
import dev.caisson.cli.words.WordsException;
import dev.caisson.engine.text.Nearest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/**
 * One group of commands in a process of its own, without an engine.
 *
 * @param name the word before theirs, such as {@code disk}
 * @param makers the commands by their path, such as {@code disk info}; each is {@link Spoken}
 */
public record CommandGroup(String name, Map<String, Supplier<? extends EngineCommand>> makers) {
  /** Does one command for this process's caller, and ends the process with its exit code. */
  public void exit(String... words) {
    var console = new ProcessConsole(Path.of("").toAbsolutePath());
    int code;
    try {
      code = run(console, words);
    } finally {
      console.ended();
    }
    System.exit(code);
  }

  /** Does one command for {@code console}'s user and returns its exit code. */
  public int run(Console console, String... words) {
    String verb = words.length == 0 ? "--help" : words[0];
    var maker = makers.get(name + " " + verb);
    if (maker == null) {
      boolean asked = verb.equals("--help") || verb.equals("help");
      (asked ? console.out() : console.err()).print(help(asked ? "" : verb));
      return asked ? 0 : EngineCommand.FAILED;
    }
    EngineCommand command = maker.get();
    command.bind(console);
    try {
      if (!((Spoken) command).words().read(List.of(words).subList(1, words.length))) {
        usage(command, verb, console);
        return 0;
      }
    } catch (WordsException wrong) {
      String all = "caisson %s %s --help".formatted(name, verb);
      console.err().println("caisson: %s %s: %s".formatted(name, verb, wrong.getMessage()));
      console
          .err()
          .println("  try: " + (wrong.remedy().isEmpty() ? all : wrong.remedy() + ", or " + all));
      return command.usageCode();
    }
    return command.call();
  }

  private void usage(EngineCommand command, String verb, Console console) {
    var line =
        SpokenSpec.line((Spoken) command).setCommandName("caisson %s %s".formatted(name, verb));
    line.setUsageHelpAutoWidth(false);
    line.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    line.usage(console.out());
  }

  private String help(String wrong) {
    var text = new StringBuilder();
    if (!wrong.isEmpty()) {
      text.append("caisson: %s has no command '%s'%n".formatted(name, wrong));
      Nearest.of(name + " " + wrong, makers.keySet())
          .ifPresent(meant -> text.append("  try: caisson %s%n".formatted(meant)));
      text.append(System.lineSeparator());
    }
    text.append("Usage: caisson %s COMMAND [OPTIONS]%n%n".formatted(name));
    new TreeMap<>(makers)
        .forEach((path, maker) -> {
          Command says = maker.get().getClass().getAnnotation(Command.class);
          text.append("  %-16s %s%n".formatted(path, String.join(" ", says.description())));
        });
    return text.append("%nTry caisson %s COMMAND --help%n".formatted(name)).toString();
  }
}
