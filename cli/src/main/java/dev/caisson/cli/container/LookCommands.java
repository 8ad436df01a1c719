/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.FilterOption;
import dev.caisson.cli.option.ResourceOptions;
import dev.caisson.cli.option.TableFormat;
import dev.caisson.cli.option.TimeRange;
import dev.caisson.cli.option.WholeOption;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.Output;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.Status;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that show containers. */
final class LookCommands {
  private LookCommands() {}

  @Command(name = "logs", description = "Show what a container has written")
  static final class Logs extends EngineCommand {
    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'")
            .withZone(ZoneId.of("UTC"));

    @Option(
        names = {"-f", "--follow"},
        description = "wait for more")
    boolean follow;

    @Option(
        names = {"-n", "--tail"},
        paramLabel = "NUMBER",
        defaultValue = "all",
        description = "the last so many lines")
    String tail = "all";

    @Option(
        names = {"-t", "--timestamps"},
        description = "with times")
    boolean timestamps;

    @Option(names = "--details", description = "taken for compatibility; no log here has any")
    boolean details;

    @Mixin TimeRange range = new TimeRange();

    @Parameters(paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    private Output.@Nullable Stream last;

    @Override
    public Integer call() {
      var options = new LogOptions(true, true, follow, lines(), range.from(), range.to());
      try (var feed = engine().containers().logs(container, options)) {
        feed.forEach(this::show);
      }
      return 0;
    }

    private int lines() {
      if (tail.equals("all")) {
        return -1;
      }
      try {
        return Integer.parseInt(tail);
      } catch (NumberFormatException e) {
        throw EngineException.invalid("invalid --tail " + tail, "use a number or all");
      }
    }

    private void show(LogRecord line) {
      var target = target(line.stream());
      if (last != null && last != line.stream()) {
        target(last).flush(); // both may be the same file, in which the order shall be the log's
      }
      last = line.stream();
      if (timestamps) {
        var time = (TIME.format(line.time()) + " ").getBytes(StandardCharsets.US_ASCII);
        target.write(time, 0, time.length);
      }
      target.write(line.data(), 0, line.data().length);
      if (follow) {
        target.flush();
      }
    }

    private PrintStream target(Output.Stream stream) {
      return stream == Output.Stream.STDERR ? console().err() : console().out();
    }
  }

  @Command(name = "top", description = "List the processes of a container")
  static final class Top extends EngineCommand {
    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    private static final int WIDE = 17; // as docker's columns here

    @Parameters(index = "1..*", paramLabel = "PS_OPTION", description = "as ps takes them")
    List<String> options = new ArrayList<>();

    @Override
    public Integer call() {
      var processes = engine().containers().top(container, options);
      var table = new Table(WIDE);
      processes.titles().forEach(title -> table.column(title, title));
      for (var process : processes.processes()) {
        var row = new LinkedHashMap<String, Object>();
        for (int i = 0; i < processes.titles().size(); i++) {
          row.put(processes.titles().get(i), process.get(i));
        }
        table.row(row);
      }
      table.print(console().out(), "");
      return 0;
    }
  }

  @Command(name = "port", description = "List the published ports of a container")
  static final class Port extends EngineCommand {
    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "PORT[/PROTOCOL]",
        description = "only where this one is")
    Optional<String> port = Optional.empty();

    @Override
    public Integer call() {
      var wanted = port.map(dev.caisson.engine.spec.PortSpec::parse);
      boolean found = false;
      for (var binding : engine().containers().inspect(container, false).network().ports()) {
        if (wanted.isEmpty() || wanted.get().equals(binding.port())) {
          found = true;
          var address = binding.hostAddress().isEmpty() ? "0.0.0.0" : binding.hostAddress();
          var host = address + ":" + binding.hostPort();
          print(wanted.isPresent() ? host : binding.port() + " -> " + host);
        }
      }
      if (!found && wanted.isPresent()) {
        throw EngineException.notFound(
            "No public port '" + wanted.get() + "' published for " + container);
      }
      return 0;
    }
  }

  @Command(name = "diff", description = "List the files a container has changed")
  static final class Diff extends EngineCommand {
    @Parameters(paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Override
    public Integer call() {
      for (var change : engine().containers().changes(container)) {
        print(letter(change.kind()) + " " + change.path());
      }
      return 0;
    }
  }

  private static String letter(FileChange.Kind kind) {
    return switch (kind) {
      case MODIFIED -> "C";
      case ADDED -> "A";
      case DELETED -> "D";
    };
  }

  @Command(name = "events", description = "Show what happens, as it happens")
  static final class Events extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();

    @Mixin TimeRange range = new TimeRange();

    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        defaultValue = "",
        description = "json or a template")
    String format = "";

    @Override
    public Integer call() {
      try (var feed = engine().events().subscribe(range.from(), range.to(), filter.filters())) {
        feed.forEach(event -> {
          print(EventText.of(event, format));
          console().out().flush();
        });
      }
      return 0;
    }
  }

  @Command(name = "stats", description = "Show what containers use")
  static final class StatsCommand extends EngineCommand {
    @Option(
        names = {"-a", "--all"},
        description = "also those that do not run")
    boolean all;

    @Option(names = "--no-stream", description = "once")
    boolean once;

    @Mixin WholeOption texts = new WholeOption();

    @Mixin TableFormat format = new TableFormat();

    @Parameters(paramLabel = "CONTAINER", description = "name or id")
    List<String> containers = new ArrayList<>();

    @Override
    public Integer call() {
      return new StatsScreen(console(), engine(), names(), once, texts.whole, format.text).run();
    }

    private List<String> names() {
      return containers.isEmpty()
          ? engine().containers().list(all, 0, false, Filters.none()).stream()
              .filter(summary -> all || summary.state() != Status.EXITED)
              .map(InstanceSummary::id)
              .toList()
          : containers;
    }
  }

  @Command(name = "update", description = "Change the limits of containers")
  static final class Update extends LifeCommands.OnContainers {
    @Mixin ResourceOptions.LimitOptions limits = new ResourceOptions.LimitOptions();

    @Option(
        names = "--restart",
        paramLabel = "POLICY",
        description = "no, always, unless-stopped, on-failure[:RETRIES]")
    Optional<String> restart = Optional.empty();

    @Override
    public Integer call() {
      var resources = limits.builder().build();
      var policy = restart.map(RestartPolicy::parse);
      var nothing = new ResourceOptions.LimitOptions().builder().build();
      if (policy.isEmpty() && resources.equals(nothing)) {
        throw EngineException.invalid(
            "you must provide one or more flags when using this command", "caisson update --help");
      }
      return each(
          containers,
          name ->
              engine()
                  .containers()
                  .update(name, resources, policy)
                  .forEach(line -> console().err().println("WARNING: " + line)));
    }
  }
}
