/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Document;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.Json;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.format.Template;
import dev.caisson.cli.option.DocumentFormat;
import dev.caisson.cli.option.TableFormat;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.DiskUsage;
import dev.caisson.engine.view.Finding;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.view.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The commands about the host and the engine. */
final class SystemCommands {
  private SystemCommands() {}

  /** Prints one document in the way asked for. */
  abstract static class Telling extends EngineCommand {
    @Mixin DocumentFormat format = new DocumentFormat();

    final int tell(Map<String, Object> fields) {
      if (format.text.equals("json")) {
        print(Json.compact(fields));
      } else if (!format.text.isEmpty()) {
        print(Template.parse(format.text).render(fields));
      } else {
        tell("", fields);
      }
      return 0;
    }

    private void tell(String indent, Map<?, ?> fields) {
      fields.forEach((name, value) -> {
        if (value instanceof Map<?, ?> inner) {
          print(indent + name + ":");
          tell(indent + " ", inner);
        } else {
          print(indent + name + ": " + value);
        }
      });
    }
  }

  @Command(name = "version", description = "Show which Caisson this is")
  static final class Version extends Telling {
    @Override
    public Integer call() {
      var version = engine().host().version();
      var fields =
          new Document()
              .with("Version", version.version())
              .with("Os", version.os())
              .with("Arch", version.architecture())
              .with("KernelVersion", version.kernelVersion())
              .with("JavaVersion", version.javaVersion())
              .map();
      // One program is both; scripts ask either.
      return tell(new Document().with("Client", fields).with("Server", fields).map());
    }
  }

  @Command(name = "info", description = "Show the host and the engine on it")
  static final class Info extends Telling {
    @Override
    public Integer call() {
      var info = engine().host().info();
      var isolations = new LinkedHashMap<String, Object>();
      info.isolations()
          .forEach((name, reason) ->
              isolations.put(
                  name, reason.map(text -> "not available: " + text).orElse("available")));
      return tell(
          new Document()
              .with("ID", info.id())
              .with("Name", info.name())
              .with("Containers", info.containers())
              .with("ContainersRunning", info.running())
              .with("ContainersPaused", info.paused())
              .with("ContainersStopped", info.stopped())
              .with("Images", info.images())
              .with("Driver", info.storageDriver())
              .with("CgroupVersion", info.cgroupVersion())
              .with("KernelVersion", info.kernelVersion())
              .with("OperatingSystem", info.operatingSystem())
              .with("OSType", "linux")
              .with("Architecture", info.architecture())
              .with("NCPU", info.processors())
              .with(
                  "MemTotal",
                  format.text.isEmpty() ? HumanSize.binary(info.memory()) : info.memory())
              .with("RootDir", info.root().toString())
              .with("Rootless", info.rootless())
              .with("DefaultIsolation", info.defaultIsolation())
              .with("Isolations", isolations)
              .map());
    }
  }

  @Command(name = "doctor", description = "Show what this host can do, and what would help")
  static final class Doctor extends EngineCommand {
    @Mixin TableFormat format = new TableFormat();

    @Override
    public Integer call() {
      var table =
          new Table()
              .column("Subject", "SUBJECT")
              .column("Verdict", "VERDICT")
              .column("Detail", "DETAIL");
      var findings = engine().host().doctor();
      for (var finding : findings) {
        var row = new LinkedHashMap<String, Object>();
        row.put("Subject", finding.subject());
        row.put("Verdict", finding.verdict().name().toLowerCase(Locale.ROOT));
        row.put("Detail", finding.detail());
        row.put("Remedy", finding.remedy());
        table.row(row);
      }
      table.print(console().out(), format.text);
      if (format.text.isEmpty()) {
        remedies(findings).forEach((remedy, subjects) -> print(remedy(remedy, subjects)));
      }
      boolean missing =
          findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.MISSING);
      return missing ? FAILED : 0;
    }

    /** What would help, with what it would help; one remedy often serves several. */
    private static Map<String, List<String>> remedies(List<Finding> findings) {
      return findings.stream()
          .filter(finding -> !finding.remedy().isEmpty())
          .collect(
              Collectors.groupingBy(
                  Finding::remedy,
                  LinkedHashMap::new,
                  Collectors.mapping(Finding::subject, Collectors.toList())));
    }

    private static String remedy(String remedy, List<String> subjects) {
      return "%nfor %s%n  try: %s".formatted(String.join(", ", subjects), remedy);
    }
  }

  @Command(name = "df", description = "Show who holds the disk")
  static final class Usage extends EngineCommand {
    @Mixin TableFormat format = new TableFormat();

    @Override
    public Integer call() {
      var usage = engine().host().diskUsage();
      var table =
          new Table()
              .column("Type", "TYPE")
              .column("TotalCount", "TOTAL")
              .column("Active", "ACTIVE")
              .column("Size", "SIZE")
              .column("Reclaimable", "RECLAIMABLE");
      table.row(images(usage));
      table.row(containers(usage));
      table.row(volumes(usage));
      var snapshots = engine().snapshots().list(Filters.none());
      long kept = snapshots.stream().mapToLong(SnapshotInfo::size).sum();
      table.row(row("Snapshots", snapshots.size(), 0, kept, kept));
      table.print(console().out(), format.text);
      return 0;
    }

    private static Map<String, Object> images(DiskUsage usage) {
      var used = usage.images().stream().filter(image -> image.containers() > 0).toList();
      long held = used.stream().mapToLong(image -> image.size() - image.sharedSize()).sum();
      long free = Math.max(0, usage.layersSize() - held);
      return row("Images", usage.images().size(), used.size(), usage.layersSize(), free);
    }

    private static Map<String, Object> containers(DiskUsage usage) {
      long running = 0;
      long all = 0;
      long free = 0;
      for (var one : usage.containers()) {
        long written = one.sizes().map(size -> size.writable()).orElse(0L);
        boolean runs = one.state() == Status.RUNNING;
        running += runs ? 1 : 0;
        all += written;
        free += runs ? 0 : written;
      }
      return row("Containers", usage.containers().size(), running, all, free);
    }

    private static Map<String, Object> volumes(DiskUsage usage) {
      long used = 0;
      long all = 0;
      long free = 0;
      for (var volume : usage.volumes()) {
        long bytes = volume.size().orElse(0);
        used += volume.references() > 0 ? 1 : 0;
        all += bytes;
        free += volume.references() > 0 ? 0 : bytes;
      }
      return row("Local Volumes", usage.volumes().size(), used, all, free);
    }

    private static Map<String, Object> row(
        String type, long all, long active, long bytes, long free) {
      var row = new LinkedHashMap<String, Object>();
      row.put("Type", type);
      row.put("TotalCount", all);
      row.put("Active", active);
      row.put("Size", HumanSize.decimal(bytes));
      var share = bytes > 0 ? " (" + free * 100 / bytes + "%)" : "";
      row.put("Reclaimable", HumanSize.decimal(free) + share);
      return row;
    }
  }
}
