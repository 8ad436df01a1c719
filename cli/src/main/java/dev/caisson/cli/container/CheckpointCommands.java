/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.ListOptions;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.SnapshotInfo;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Docker's words for snapshots: they belong to a container, which is stopped unless said. */
final class CheckpointCommands {
  private CheckpointCommands() {}

  /** A container by any of its names. */
  abstract static class OfContainer extends EngineCommand {
    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    final Filters own() {
      return Filters.none().with("container", engine().containers().inspect(container, false).id());
    }
  }

  @Command(name = "create", description = "Keep a running container as it is, and stop it")
  static final class Create extends OfContainer {
    @Option(names = "--leave-running", description = "let it run on")
    boolean leaveRunning;

    @Parameters(index = "1", paramLabel = "CHECKPOINT", description = "the name it gets")
    String checkpoint = "";

    @Override
    public Integer call() {
      print(engine().snapshots().create(container, checkpoint, leaveRunning).name());
      return 0;
    }
  }

  @Command(name = "ls", description = "List the snapshots of a container")
  static final class Ls extends OfContainer {
    @Mixin ListOptions list = new ListOptions();

    @Override
    public Integer call() {
      return list.print(
          console().out(),
          engine().snapshots().list(own()),
          new Table().column("Name", "CHECKPOINT NAME"),
          SnapshotInfo::name,
          snapshot -> Map.of("Name", snapshot.name()));
    }
  }

  @Command(name = "rm", description = "Remove a snapshot of a container")
  static final class Remove extends OfContainer {
    @Parameters(index = "1", paramLabel = "CHECKPOINT", description = "its name")
    String checkpoint = "";

    @Override
    public Integer call() {
      boolean known =
          engine().snapshots().list(own()).stream()
              .anyMatch(snapshot -> snapshot.name().equals(checkpoint));
      if (!known) {
        throw EngineException.notFound(
            "checkpoint " + checkpoint + " does not exist for container " + container);
      }
      engine().snapshots().remove(checkpoint);
      return 0;
    }
  }
}
