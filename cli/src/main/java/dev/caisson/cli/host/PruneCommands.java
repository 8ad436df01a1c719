/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.PruningCommand;
import dev.caisson.cli.option.FilterOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The commands that remove what nobody uses. */
final class PruneCommands {
  private PruneCommands() {}

  @Command(name = "prune", description = "Remove stopped containers")
  static final class Containers extends PruningCommand {
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
  static final class Images extends PruningCommand {
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
  static final class Networks extends PruningCommand {
    @Override
    public Integer call() {
      if (agreed("all networks no container uses")) {
        show("Networks", engine().networks().prune(FilterOption.parse(filters)));
      }
      return 0;
    }
  }

  @Command(name = "prune", description = "Remove unused volumes")
  static final class Volumes extends PruningCommand {
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
  static final class Everything extends PruningCommand {
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
