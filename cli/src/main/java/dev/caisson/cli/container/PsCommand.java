/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.HumanTime;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.FilterOption;
import dev.caisson.cli.option.ListOptions;
import dev.caisson.cli.option.WholeOption;
import dev.caisson.engine.view.InstanceSummary;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which containers there are. */
@Command(name = "ps", description = "List containers")
final class PsCommand extends EngineCommand {
  private static final int SHORT_MOUNT = 15;
  private static final int SHORT_COMMAND = 20;

  @Mixin FilterOption filter = new FilterOption();
  @Mixin ListOptions list = new ListOptions();
  @Mixin WholeOption texts = new WholeOption();

  @Option(
      names = {"-a", "--all"},
      description = "also those that do not run")
  boolean all;

  @Option(
      names = {"-n", "--last"},
      paramLabel = "NUMBER",
      defaultValue = "0",
      description = "the newest so many, in any state")
  int last;

  @Option(
      names = {"-l", "--latest"},
      description = "the newest one, in any state")
  boolean latest;

  @Option(
      names = {"-s", "--size"},
      description = "with sizes")
  boolean sizes;

  @Override
  public Integer call() {
    boolean sized = sizes || list.format.text.contains(".Size");
    var found =
        engine().containers().list(all, latest ? 1 : Math.max(0, last), sized, filter.filters());
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
    return list.print(console().out(), found, table, summary -> texts.id(summary.id()), this::row);
  }

  private Map<String, Object> row(InstanceSummary summary) {
    var row = new LinkedHashMap<String, Object>();
    row.put("Command", '"' + texts.text(summary.command(), SHORT_COMMAND) + '"');
    row.put("CreatedAt", HumanTime.full(summary.created()));
    row.put("ID", texts.id(summary.id()));
    row.put("Image", summary.image());
    row.put("Isolation", summary.isolation());
    row.put("Labels", labels(summary.labels()));
    row.put(
        "LocalVolumes",
        String.valueOf(summary.mounts().stream().filter(m -> !m.name().isEmpty()).count()));
    row.put(
        "Mounts",
        summary.mounts().stream()
            .map(mount -> mount.name().isEmpty() ? mount.source() : mount.name())
            .filter(source -> !source.isEmpty()) // a tmpfs is of nothing
            .map(source -> texts.text(source, SHORT_MOUNT))
            .collect(Collectors.joining(",")));
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

  private static String labels(Map<String, String> labels) {
    return labels.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .sorted()
        .collect(Collectors.joining(","));
  }
}
