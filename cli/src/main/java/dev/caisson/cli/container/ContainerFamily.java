/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What is done to containers, each command by its short path and below {@code container}. */
public final class ContainerFamily implements CommandProvider {
  @Override
  public Map<String, Supplier<? extends EngineCommand>> commands() {
    var commands = new HashMap<String, Supplier<? extends EngineCommand>>(snapshots());
    commands.putAll(containers(""));
    commands.putAll(containers("container "));
    commands.put("explain", RunCommands.Explain::new);
    commands.put("container ls", PsCommand::new);
    commands.put("events", LookCommands.Events::new);
    commands.put("system events", LookCommands.Events::new);
    return commands;
  }

  private static Map<String, Supplier<? extends EngineCommand>> containers(String prefix) {
    return Map.ofEntries(
        Map.entry(prefix + "run", RunCommands.Run::new),
        Map.entry(prefix + "create", RunCommands.Create::new),
        Map.entry(prefix + "start", RunCommands.Start::new),
        Map.entry(prefix + "attach", RunCommands.Attach::new),
        Map.entry(prefix + "exec", RunCommands.Exec::new),
        Map.entry(prefix + "stop", LifeCommands.Stop::new),
        Map.entry(prefix + "restart", LifeCommands.Restart::new),
        Map.entry(prefix + "kill", LifeCommands.Kill::new),
        Map.entry(prefix + "pause", LifeCommands.Pause::new),
        Map.entry(prefix + "unpause", LifeCommands.Unpause::new),
        Map.entry(prefix + "rm", LifeCommands.Remove::new),
        Map.entry(prefix + "wait", LifeCommands.Wait::new),
        Map.entry(prefix + "rename", LifeCommands.Rename::new),
        Map.entry(prefix + "ps", PsCommand::new),
        Map.entry(prefix + "logs", LookCommands.Logs::new),
        Map.entry(prefix + "top", LookCommands.Top::new),
        Map.entry(prefix + "port", LookCommands.Port::new),
        Map.entry(prefix + "diff", LookCommands.Diff::new),
        Map.entry(prefix + "stats", LookCommands.StatsCommand::new),
        Map.entry(prefix + "update", LookCommands.Update::new),
        Map.entry(prefix + "cp", CopyCommand::new));
  }

  private static Map<String, Supplier<? extends EngineCommand>> snapshots() {
    return Map.ofEntries(
        Map.entry("snapshot create", SnapshotCommands.Create::new),
        Map.entry("snapshot run", SnapshotCommands.Run::new),
        Map.entry("snapshot ls", SnapshotCommands.Ls::new),
        Map.entry("snapshot rm", SnapshotCommands.Remove::new),
        Map.entry("snapshot prune", SnapshotCommands.Prune::new),
        Map.entry("checkpoint create", CheckpointCommands.Create::new),
        Map.entry("checkpoint ls", CheckpointCommands.Ls::new),
        Map.entry("checkpoint rm", CheckpointCommands.Remove::new));
  }
}
