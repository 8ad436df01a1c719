/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.command.SpokenSpec;
import dev.caisson.cli.console.Console;
import dev.caisson.cli.words.WordsException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import picocli.CommandLine.Command;

/** {@code disk ...} in a process of its own, without an engine: for hosts that run none. */
public final class DiskMain {
  private DiskMain() {}

  static void main(String[] words) {
    System.exit(run(new ProcessConsole(Path.of("").toAbsolutePath()), words));
  }

  /** Does one command for {@code console}'s user and returns its exit code. */
  static int run(Console console, String... words) {
    var makers = new DiskCommands().commands();
    String verb = words.length == 0 ? "--help" : words[0];
    var maker = makers.get("disk " + verb);
    if (maker == null) {
      boolean asked = verb.equals("--help") || verb.equals("help");
      (asked ? console.out() : console.err()).print(help(asked ? "" : verb));
      return asked ? 0 : 1;
    }
    var command = (DiskCommand) maker.get();
    command.bind(console);
    try {
      if (!command.words().read(List.of(words).subList(1, words.length))) {
        usage(command, verb, console);
        return 0;
      }
    } catch (WordsException wrong) {
      String all = "caisson disk %s --help".formatted(verb);
      console.err().println("caisson: disk %s: %s".formatted(verb, wrong.getMessage()));
      console
          .err()
          .println("  try: " + (wrong.remedy().isEmpty() ? all : wrong.remedy() + ", or " + all));
      return command.usageCode();
    }
    return command.call();
  }

  private static void usage(DiskCommand command, String verb, Console console) {
    var line = SpokenSpec.line(command).setCommandName("caisson disk " + verb);
    line.setUsageHelpAutoWidth(false);
    line.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    line.usage(console.out());
  }

  private static String help(String wrong) {
    var text = new StringBuilder();
    if (!wrong.isEmpty()) {
      text.append("caisson: disk has no command '%s'%n%n".formatted(wrong));
    }
    text.append("Usage: caisson disk COMMAND [OPTIONS]%n%n".formatted());
    new TreeMap<>(new DiskCommands().commands())
        .forEach((path, maker) -> {
          Command says = maker.get().getClass().getAnnotation(Command.class);
          text.append("  %-16s %s%n".formatted(path, String.join(" ", says.description())));
        });
    return text.append("%nTry caisson disk COMMAND --help%n".formatted()).toString();
  }
}
