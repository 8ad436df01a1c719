/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.HumanTime;
import dev.caisson.cli.format.Table;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.Output;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.MountView;
import dev.caisson.engine.view.Status;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that show containers. */
final class LookCommands {
  private LookCommands() {}

  @Command(name = "ps", description = "List containers")
  static final class List_ extends EngineCommand {
    private static final int SHORT_COMMAND = 20;

    @Mixin FilterOption filter = new FilterOption();

    @Option(
        names = {"-a", "--all"},
        description = "also those that do not run")
    boolean all;

    @Option(
        names = {"-n", "--last"},
        defaultValue = "0",
        description = "the newest so many, in any state")
    int last;

    @Option(
        names = {"-l", "--latest"},
        description = "the newest one, in any state")
    boolean latest;

    @Option(names = "--no-trunc", description = "whole ids and commands")
    boolean whole;

    @Option(
        names = {"-q", "--quiet"},
        description = "only ids")
    boolean quiet;

    @Option(
        names = {"-s", "--size"},
        description = "with sizes")
    boolean sizes;

    @Option(names = "--format", defaultValue = "", description = "table, json or a template")
    String format = "";

    @Override
    public Integer call() {
      boolean sized = sizes || format.contains(".Size");
      var found =
          engine().containers().list(all, latest ? 1 : Math.max(0, last), sized, filter.filters());
      if (quiet) {
        found.forEach(summary -> print(id(summary)));
        return 0;
      }
      var table =
          new Table()
              .column("ID", "CONTAINER ID")
              .column("Image", "IMAGE")
              .column("Command", "COMMAND")
              .column("RunningFor", "CREATED")
              .column("Status", "STATUS")
              .column("Ports", "PORTS")
              .column("Names", "NAMES");
      if (sizes) {
        table.column("Size", "SIZE");
      }
      found.forEach(summary -> table.row(row(summary)));
      table.print(console().out(), format);
      return 0;
    }

    private String id(InstanceSummary summary) {
      return whole ? summary.id() : summary.id().substring(0, 12);
    }

    private Map<String, Object> row(InstanceSummary summary) {
      var row = new LinkedHashMap<String, Object>();
      row.put("Command", '"' + command(summary.command()) + '"');
      row.put("CreatedAt", summary.created().toString());
      row.put("ID", id(summary));
      row.put("Image", summary.image());
      row.put("Isolation", summary.isolation());
      row.put("Labels", labels(summary.labels()));
      row.put(
          "Mounts",
          summary.mounts().stream().map(MountView::destination).collect(Collectors.joining(",")));
      row.put("Names", summary.name());
      row.put("Networks", String.join(",", summary.network().endpoints().keySet()));
      row.put("Ports", PortText.of(summary.network()));
      row.put("RunningFor", HumanTime.ago(summary.created()));
      row.put(
          "Size",
          summary
              .sizes()
              .map(size ->
                  HumanSize.decimal(size.writable())
                      + " (virtual "
                      + HumanSize.decimal(size.total())
                      + ")")
              .orElse("0B"));
      row.put("State", summary.state().toString());
      row.put("Status", summary.status());
      return row;
    }

    private String command(String command) {
      return whole || command.length() <= SHORT_COMMAND
          ? command
          : command.substring(0, SHORT_COMMAND - 1) + "…";
    }

    private static String labels(Map<String, String> labels) {
      return labels.entrySet().stream()
          .map(entry -> entry.getKey() + "=" + entry.getValue())
          .sorted()
          .collect(Collectors.joining(","));
    }
  }

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
        defaultValue = "all",
        description = "the last so many lines")
    String tail = "all";

    @Option(
        names = {"-t", "--timestamps"},
        description = "with times")
    boolean timestamps;

    @Option(names = "--since", paramLabel = "TIME", description = "a time, or an age as 10m")
    Optional<String> since = Optional.empty();

    @Option(names = "--until", paramLabel = "TIME")
    Optional<String> until = Optional.empty();

    @Parameters(paramLabel = "CONTAINER")
    String container = "";

    @Override
    public Integer call() {
      var options =
          new LogOptions(
              true,
              true,
              follow,
              lines(),
              since.map(TimeWords::parse),
              until.map(TimeWords::parse));
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
      var target = line.stream() == Output.Stream.STDERR ? console().err() : console().out();
      if (timestamps) {
        var time = (TIME.format(line.time()) + " ").getBytes(StandardCharsets.US_ASCII);
        target.write(time, 0, time.length);
      }
      target.write(line.data(), 0, line.data().length);
      if (follow) {
        target.flush();
      }
    }
  }

  @Command(name = "top", description = "List the processes of a container")
  static final class Top extends EngineCommand {
    @Parameters(index = "0", paramLabel = "CONTAINER")
    String container = "";

    @Parameters(index = "1..*", paramLabel = "PS_OPTION")
    List<String> options = new ArrayList<>();

    @Override
    public Integer call() {
      var processes = engine().containers().top(container, options);
      var table = new Table();
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
    @Parameters(index = "0", paramLabel = "CONTAINER")
    String container = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "PORT[/PROTOCOL]")
    Optional<String> port = Optional.empty();

    @Override
    public Integer call() {
      var wanted = port.map(dev.caisson.engine.spec.PortSpec::parse);
      for (var binding : engine().containers().inspect(container, false).network().ports()) {
        if (wanted.isEmpty() || wanted.get().equals(binding.port())) {
          var address = binding.hostAddress().isEmpty() ? "0.0.0.0" : binding.hostAddress();
          var host = address + ":" + binding.hostPort();
          print(wanted.isPresent() ? host : binding.port() + " -> " + host);
        }
      }
      return 0;
    }
  }

  @Command(name = "diff", description = "List the files a container has changed")
  static final class Diff extends EngineCommand {
    @Parameters(paramLabel = "CONTAINER")
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

    @Option(names = "--since", paramLabel = "TIME")
    Optional<String> since = Optional.empty();

    @Option(names = "--until", paramLabel = "TIME")
    Optional<String> until = Optional.empty();

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Override
    public Integer call() {
      try (var feed =
          engine()
              .events()
              .subscribe(
                  since.map(TimeWords::parse), until.map(TimeWords::parse), filter.filters())) {
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

    @Option(names = "--no-trunc")
    boolean whole;

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Parameters(paramLabel = "CONTAINER")
    List<String> containers = new ArrayList<>();

    @Override
    public Integer call() {
      return new StatsScreen(console(), engine(), names(), once, whole, format).run();
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

    @Option(names = "--restart", paramLabel = "POLICY")
    Optional<String> restart = Optional.empty();

    @Override
    public Integer call() {
      var resources = limits.builder().build();
      var policy = restart.map(RestartPolicy::parse);
      return each(
          containers,
          name ->
              engine()
                  .containers()
                  .update(name, resources, policy)
                  .forEach(line -> console().err().println("WARNING: " + line)));
    }
  }

  /** Reads times after --since and --until. */
  static final class TimeWords {
    private TimeWords() {}

    static Instant parse(String text) {
      return dev.caisson.engine.text.PruneLimit.parse(text, java.time.Clock.systemUTC());
    }
  }
}
