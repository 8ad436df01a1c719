/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.command.SpokenSpec;
import dev.caisson.cli.words.Spoken;
import dev.caisson.engine.text.Nearest;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * All commands by path. A command is built when it is first called and kept for the next call, as
 * reading its annotations takes longer than running it.
 */
public final class CommandTable {
  private final TreeMap<String, Supplier<? extends EngineCommand>> makers = new TreeMap<>();
  private final ConcurrentMap<String, ConcurrentLinkedQueue<CommandLine>> idle =
      new ConcurrentHashMap<>();

  public CommandTable() {
    CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF); // would warn of options given twice
    makers.put("completion", CompletionCommands.Script::new);
    makers.put(CompletionCommands.HIDDEN + "complete", () -> new CompletionCommands.Complete(this));
    ServiceLoader.load(CommandProvider.class)
        .forEach(provider -> makers.putAll(provider.commands()));
  }

  /** How many words of the arguments name a command: 2, 1, or 0 if none do. */
  int named(List<String> arguments) {
    if (arguments.size() >= 2 && makers.containsKey(path(arguments, 2))) {
      return 2;
    }
    return !arguments.isEmpty() && makers.containsKey(arguments.getFirst()) ? 1 : 0;
  }

  /** The command or group that somebody may have meant who wrote these words. */
  Optional<String> meant(List<String> arguments) {
    var first = arguments.getFirst();
    if (groups().contains(first) && arguments.size() > 1) {
      return Nearest.of(first + " " + arguments.get(1), described(first).keySet());
    }
    var known = new TreeSet<>(described("").keySet());
    known.addAll(groups());
    known.addAll(List.of("engine", "oci", "help"));
    var one = Nearest.of(first, known);
    if (arguments.size() > 1 && one.filter(groups()::contains).isPresent()) {
      var both = Nearest.of(one.get() + " " + arguments.get(1), described(one.get()).keySet());
      return both.isPresent() ? both : one;
    }
    return one;
  }

  static String path(List<String> arguments, int words) {
    return String.join(" ", arguments.subList(0, words));
  }

  /** Takes a command for one call; give it {@link #back} afterwards. */
  CommandLine take(String path) {
    var ready = queue(path).poll();
    if (ready != null) {
      return ready;
    }
    var maker = makers.get(path);
    if (maker == null) {
      throw new IllegalArgumentException(path);
    }
    EngineCommand command = maker.get();
    command.called(path);
    var line =
        command instanceof Spoken spoken ? SpokenSpec.line(spoken) : new CommandLine(command);
    line.setCommandName("caisson " + path);
    line.setStopAtPositional(stopsAtPositional(path));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(false);
    line.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    line.setPosixClusteredShortOptionsAllowed(true);
    line.setOverwrittenOptionsAllowed(
        true); // as docker: the last one counts, also after an alias of the shell
    return line;
  }

  /** After an image or a container come the words of another program. */
  private static boolean stopsAtPositional(String path) {
    var last = path.substring(path.lastIndexOf(' ') + 1);
    return List.of("run", "create", "exec", "top", "explain", "compare").contains(last)
        && !path.startsWith("network")
        && !path.startsWith("snapshot")
        && !path.startsWith("checkpoint")
        && !path.startsWith("volume");
  }

  void back(String path, CommandLine line) {
    if (!(line.getCommand() instanceof Spoken)) { // that one has been told its words
      queue(path).add(line);
    }
  }

  private ConcurrentLinkedQueue<CommandLine> queue(String path) {
    return idle.computeIfAbsent(path, p -> new ConcurrentLinkedQueue<>());
  }

  /** The commands by path, of one group or, for the empty name, those without a group. */
  SortedMap<String, String> described(String group) {
    var found = new TreeMap<String, String>();
    makers.forEach((path, maker) -> {
      boolean asked =
          group.isEmpty()
              ? path.indexOf(' ') < 0 && !path.startsWith(CompletionCommands.HIDDEN)
              : path.startsWith(group + " ");
      if (asked) {
        found.put(path, description(maker.get()));
      }
    });
    return found;
  }

  NavigableSet<String> groups() {
    return makers.keySet().stream()
        .filter(path -> path.indexOf(' ') > 0)
        .map(path -> path.substring(0, path.indexOf(' ')))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String description(EngineCommand command) {
    @Nullable Command says = command.getClass().getAnnotation(Command.class);
    return says == null ? "" : String.join(" ", says.description());
  }

  /** Paths of all commands, for completion and tests. */
  public List<String> paths() {
    return List.copyOf(makers.keySet());
  }
}
