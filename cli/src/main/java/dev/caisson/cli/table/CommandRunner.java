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
import dev.caisson.cli.words.Spoken;
import dev.caisson.cli.words.WordsException;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
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
      if (!read(line, command, words.subList(named, words.size()))) {
        line.usage(console.out());
        return 0;
      }
      return command.call();
    } catch (EngineException e) {
      command.tell(e);
      return e.kind() == EngineException.Kind.INTERNAL ? ENGINE_ERROR : EngineCommand.FAILED;
    } catch (WordsException e) {
      misread(console, String.valueOf(e.getMessage()), e.remedy(), path);
      return command.usageCode();
    } catch (TemplateException e) {
      console.err().println("caisson: " + e.getMessage());
      console.err().println("  try: --format json, to see what there is");
      return EngineCommand.FAILED;
    } catch (NoTerminalException e) {
      console.err().println("caisson: " + e.getMessage());
      console.err().println("  try: leave -t out");
      return EngineCommand.FAILED;
    } catch (ParameterException e) {
      var told = new Misread(line, words.subList(named, words.size())).of(e);
      misread(console, told.message(), told.remedy(), path);
      return told.missing() ? EngineCommand.FAILED : command.usageCode();
    } finally {
      table.back(path, line);
    }
  }

  /** False if the words ask for help. */
  private static boolean read(CommandLine line, EngineCommand command, List<String> words) {
    return command instanceof Spoken
        ? line.<Spoken>getCommand().words().read(words)
        : !line.parseArgs(words.toArray(String[]::new)).isUsageHelpRequested();
  }

  private static void misread(Console console, String message, String remedy, String path) {
    console.err().println("caisson: " + path + ": " + message);
    String all = "caisson " + path + " --help";
    console.err().println("  try: " + (remedy.isEmpty() ? all : remedy + ", or " + all));
  }

  private int notACommand(List<String> words, Console console) {
    if (words.size() > 1 && words.getFirst().equals("help") && helped(words, console)) {
      return 0;
    }
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
    notKnown(plain, group.isPresent(), console);
    return EngineCommand.FAILED;
  }

  private void notKnown(List<String> words, boolean group, Console console) {
    var first = words.getFirst();
    console
        .err()
        .println(
            group
                ? "caisson: %s has no command '%s'".formatted(first, words.get(1))
                : "caisson: '%s' is not a caisson command".formatted(first));
    var all = group ? "caisson " + first + " --help" : "caisson --help";
    console
        .err()
        .println(
            "  try: " + table.meant(words).map(m -> "caisson " + m + ", or " + all).orElse(all));
  }

  /** {@code help COMMAND} says what {@code COMMAND --help} says. */
  private boolean helped(List<String> words, Console console) {
    var asked = words.subList(1, words.size());
    int named = table.named(asked);
    if (named == 0) {
      return false;
    }
    var path = CommandTable.path(asked, named);
    var line = table.take(path);
    line.usage(console.out());
    table.back(path, line);
    return true;
  }

  /** Builds the commands people call most, before they do. */
  public void warm() {
    for (var path : List.of("run", "ps", "exec", "rm", "stop")) {
      CommandLine line = table.take(path);
      table.back(path, line);
    }
  }
}
