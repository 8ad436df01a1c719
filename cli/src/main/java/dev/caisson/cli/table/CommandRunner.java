/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.command.ErrorText;
import dev.caisson.cli.console.Console;
import dev.caisson.cli.format.TemplateException;
import dev.caisson.cli.option.NoTerminalException;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/** Runs one line of words as a command and tells its exit code. */
public final class CommandRunner {
  private static final System.Logger LOG = System.getLogger(CommandRunner.class.getName());
  private static final int ENGINE_ERROR = 125;
  private static final int INTERRUPTED = 130;

  private final Engine engine;
  private final CommandTable table;

  public CommandRunner(Engine engine, CommandTable table) {
    this.engine = engine;
    this.table = table;
  }

  public int run(List<String> words, Console console) {
    try {
      return dispatch(withoutPlaces(words), console);
    } catch (EngineException e) {
      ErrorText.print(console.err(), e);
      return e.kind() == EngineException.Kind.INTERNAL ? ENGINE_ERROR : EngineCommand.FAILED;
    } catch (RuntimeException | Error e) { // an Error too must not leave the caller waiting
      if (Thread.currentThread().isInterrupted()) {
        return INTERRUPTED;
      }
      LOG.log(System.Logger.Level.ERROR, "command " + words, e);
      ErrorText.printUnexpected(console.err(), e);
      return ENGINE_ERROR;
    } finally {
      console.out().flush();
      console.err().flush();
    }
  }

  /** --root and --run say which engine; the caller has found us by them. */
  static List<String> withoutPlaces(List<String> words) {
    int first = 0;
    while (first < words.size()) {
      var word = words.get(first);
      if (word.equals("--root") || word.equals("--run")) {
        first += 2;
      } else if (word.startsWith("--root=") || word.startsWith("--run=")) {
        first++;
      } else {
        break;
      }
    }
    return words.subList(Math.min(first, words.size()), words.size());
  }

  private int dispatch(List<String> words, Console console) {
    int named = table.named(words);
    if (named == 0) {
      return notACommand(words, console);
    }
    var path = CommandTable.path(words, named);
    var line = table.take(path);
    EngineCommand command = line.getCommand();
    command.bind(engine, console);
    try {
      var parsed = line.parseArgs(rest(words, named));
      if (parsed.isUsageHelpRequested()) {
        line.usage(console.out());
        return 0;
      }
      return command.call();
    } catch (TemplateException e) {
      console.err().println("caisson: " + e.getMessage());
      console.err().println("  try: --format json, to see what there is");
      return EngineCommand.FAILED;
    } catch (NoTerminalException e) {
      console.err().println("caisson: " + e.getMessage());
      console.err().println("  try: leave -t out");
      return EngineCommand.FAILED;
    } catch (ParameterException e) {
      console.err().println("caisson: " + e.getMessage());
      console.err().println("  try: caisson " + path + " --help");
      return e instanceof MissingParameterException ? EngineCommand.FAILED : command.usageCode();
    } finally {
      table.back(path, line);
    }
  }

  private static String[] rest(List<String> words, int named) {
    return words.subList(named, words.size()).toArray(String[]::new);
  }

  private int notACommand(List<String> words, Console console) {
    var plain = new ArrayList<>(words);
    boolean asked =
        plain.removeIf(word -> word.equals("--help") || word.equals("-h") || word.equals("help"));
    if (plain.equals(List.of("--version")) || plain.equals(List.of("-v"))) {
      console.out().println("caisson " + engine.host().version().version());
      return 0;
    }
    var help = new HelpPage(table);
    if (plain.isEmpty()) {
      console.out().print(help.all());
      return 0;
    }
    var group = help.of(plain.getFirst());
    if (group.isPresent() && plain.size() == 1) {
      (asked ? console.out() : console.err()).print(group.get());
      return asked ? 0 : EngineCommand.FAILED;
    }
    console.err().println("caisson: '" + String.join(" ", plain) + "' is not a caisson command");
    console.err().println("  try: caisson --help");
    return EngineCommand.FAILED;
  }

  /** Builds the commands people call most, before they do. */
  public void warm() {
    for (var path : List.of("run", "ps", "exec", "rm", "stop")) {
      CommandLine line = table.take(path);
      table.back(path, line);
    }
  }
}
