/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.HumanSize;
import dev.caisson.engine.view.PruneReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The commands that remove what nobody uses. */
final class PruneCommands {
  private PruneCommands() {}

  /** Asks first. */
  abstract static class Pruning extends EngineCommand {
    @Option(
        names = "--filter",
        paramLabel = "KEY=VALUE",
        description = "only what fits; may be repeated")
    List<String> filters = new ArrayList<>();

    @Option(
        names = {"-f", "--force"},
        description = "without asking")
    boolean force;

    final boolean agreed(String what) {
      if (force) {
        return true;
      }
      console().err().print("This removes " + what + ". Continue? [y/N] ");
      console().err().flush();
      try {
        var answer =
            new BufferedReader(new InputStreamReader(console().in(), StandardCharsets.UTF_8))
                .readLine();
        return answer != null && answer.strip().equalsIgnoreCase("y");
      } catch (IOException e) {
        return false; // no answer is no
      }
    }

    final void show(String kind, PruneReport report) {
      if (!report.removed().isEmpty()) {
        print("Deleted " + kind + ":");
        report.removed().forEach(this::print);
        print("");
      }
    }

    final void total(long bytes) {
      print("Total reclaimed space: " + HumanSize.decimal(bytes));
    }
  }

  @Command(name = "prune", description = "Remove stopped containers")
  static final class Containers extends Pruning {
    @Override
    public Integer call() {
      if (agreed("all stopped containers")) {
        var report = engine().containers().prune(FilterOption.parse(filters));
        show("Containers", report);
        total(report.reclaimed());
      }
      return 0;
    }
  }

  @Command(name = "prune", description = "Remove unused images")
  static final class Images extends Pruning {
    @Option(
        names = {"-a", "--all"},
        description = "not only those without a name")
    boolean all;

    @Override
    public Integer call() {
      if (agreed(all ? "all images no container uses" : "all dangling images")) {
        var chosen = FilterOption.parse(filters);
        var report = engine().images().prune(all ? chosen.with("dangling", "false") : chosen);
        show("Images", report);
        total(report.reclaimed());
      }
      return 0;
    }
  }

  @Command(name = "prune", description = "Remove unused networks")
  static final class Networks extends Pruning {
    @Override
    public Integer call() {
      if (agreed("all networks no container uses")) {
        show("Networks", engine().networks().prune(FilterOption.parse(filters)));
      }
      return 0;
    }
  }

  @Command(name = "prune", description = "Remove unused volumes")
  static final class Volumes extends Pruning {
    @Option(
        names = {"-a", "--all"},
        description = "also those with a name")
    boolean all;

    @Override
    public Integer call() {
      if (agreed(all ? "all unused volumes" : "all unused anonymous volumes")) {
        var chosen = FilterOption.parse(filters);
        var report = engine().volumes().prune(all ? chosen.with("all", "true") : chosen);
        show("Volumes", report);
        total(report.reclaimed());
      }
      return 0;
    }
  }

  @Command(name = "prune", description = "Remove everything unused")
  static final class Everything extends Pruning {
    @Option(
        names = {"-a", "--all"},
        description = "all unused images, not only dangling ones")
    boolean all;

    @Option(names = "--volumes", description = "unused anonymous volumes too")
    boolean volumes;

    @Override
    public Integer call() {
      if (!agreed("all stopped containers, unused networks and images")) {
        return 0;
      }
      var chosen = FilterOption.parse(filters);
      var containers = engine().containers().prune(chosen);
      show("Containers", containers);
      show("Networks", engine().networks().prune(chosen));
      long reclaimed = containers.reclaimed();
      if (volumes) {
        var report = engine().volumes().prune(chosen);
        show("Volumes", report);
        reclaimed += report.reclaimed();
      }
      var images = engine().images().prune(all ? chosen.with("dangling", "false") : chosen);
      show("Images", images);
      total(reclaimed + images.reclaimed());
      return 0;
    }
  }
}
