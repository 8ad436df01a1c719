/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import java.util.List;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.SortedSet;
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
    addContainerCommands("");
    addContainerCommands("container ");
    makers.put("container inspect", InspectCommands.Container::new);
    makers.put("container ls", PsCommand::new);
    makers.put("container prune", PruneCommands.Containers::new);
    makers.put("prune", PruneCommands.Everything::new);
    makers.put("inspect", InspectCommands.Any::new);
    makers.put("events", LookCommands.Events::new);
    makers.put("explain", RunCommands.Explain::new);
    makers.put("build", BuildCommands.Build::new);
    makers.put("image build", BuildCommands.Build::new);
    makers.put("builder build", BuildCommands.Build::new);
    makers.put("builder prune", BuildCommands.Prune::new);
    addImageCommands();
    addNetworkCommands();
    makers.put("volume ls", VolumeCommands.Ls::new);
    makers.put("volume create", VolumeCommands.Create::new);
    makers.put("volume rm", VolumeCommands.Remove::new);
    makers.put("volume inspect", InspectCommands.Volume::new);
    makers.put("volume prune", PruneCommands.Volumes::new);
    addSnapshotCommands();
    makers.put("kernel ls", KernelCommands.Ls::new);
    makers.put("kernel fetch", KernelCommands.Fetch::new);
    makers.put("kernel build", KernelCommands.Build::new);
    makers.put("kernel add", KernelCommands.Add::new);
    makers.put("kernel use", KernelCommands.Use::new);
    makers.put("version", SystemCommands.Version::new);
    makers.put("info", SystemCommands.Info::new);
    makers.put("compare", CompareCommand::new);
    makers.put("doctor", SystemCommands.Doctor::new);
    makers.put("completion", CompletionCommands.Script::new);
    makers.put(CompletionCommands.HIDDEN + "complete", () -> new CompletionCommands.Complete(this));
    makers.put("system info", SystemCommands.Info::new);
    makers.put("system df", SystemCommands.DiskUsage::new);
    makers.put("system events", LookCommands.Events::new);
    makers.put("system prune", PruneCommands.Everything::new);
    ServiceLoader.load(CommandProvider.class)
        .forEach(provider -> makers.putAll(provider.commands()));
  }

  private void addContainerCommands(String prefix) {
    makers.put(prefix + "run", RunCommands.Run::new);
    makers.put(prefix + "create", RunCommands.Create::new);
    makers.put(prefix + "start", RunCommands.Start::new);
    makers.put(prefix + "attach", RunCommands.Attach::new);
    makers.put(prefix + "exec", RunCommands.Exec::new);
    makers.put(prefix + "stop", LifeCommands.Stop::new);
    makers.put(prefix + "restart", LifeCommands.Restart::new);
    makers.put(prefix + "kill", LifeCommands.Kill::new);
    makers.put(prefix + "pause", LifeCommands.Pause::new);
    makers.put(prefix + "unpause", LifeCommands.Unpause::new);
    makers.put(prefix + "rm", LifeCommands.Remove::new);
    makers.put(prefix + "wait", LifeCommands.Wait::new);
    makers.put(prefix + "rename", LifeCommands.Rename::new);
    makers.put(prefix + "ps", PsCommand::new);
    makers.put(prefix + "logs", LookCommands.Logs::new);
    makers.put(prefix + "top", LookCommands.Top::new);
    makers.put(prefix + "port", LookCommands.Port::new);
    makers.put(prefix + "diff", LookCommands.Diff::new);
    makers.put(prefix + "stats", LookCommands.StatsCommand::new);
    makers.put(prefix + "update", LookCommands.Update::new);
    makers.put(prefix + "cp", CopyCommand::new);
    makers.put(prefix + "commit", NewImageCommands.Commit::new);
    makers.put(prefix + "export", ArchiveCommands.Export::new);
  }

  private void addSnapshotCommands() {
    makers.put("snapshot create", SnapshotCommands.Create::new);
    makers.put("snapshot run", SnapshotCommands.Run::new);
    makers.put("snapshot ls", SnapshotCommands.Ls::new);
    makers.put("snapshot inspect", InspectCommands.Snapshot::new);
    makers.put("snapshot rm", SnapshotCommands.Remove::new);
    makers.put("snapshot prune", SnapshotCommands.Prune::new);
    makers.put("checkpoint create", CheckpointCommands.Create::new);
    makers.put("checkpoint ls", CheckpointCommands.Ls::new);
    makers.put("checkpoint rm", CheckpointCommands.Remove::new);
  }

  private void addImageCommands() {
    makers.put("images", ImageCommands.Ls::new);
    makers.put("rmi", ImageCommands.Remove::new);
    makers.put("pull", RegistryCommands.Pull::new);
    makers.put("push", RegistryCommands.Push::new);
    makers.put("tag", ImageCommands.Tag::new);
    makers.put("history", ImageCommands.History::new);
    makers.put("load", ArchiveCommands.Load::new);
    makers.put("save", ArchiveCommands.Save::new);
    makers.put("import", ArchiveCommands.Import::new);
    makers.put("image ls", ImageCommands.Ls::new);
    makers.put("image rm", ImageCommands.Remove::new);
    makers.put("image pull", RegistryCommands.Pull::new);
    makers.put("image push", RegistryCommands.Push::new);
    makers.put("image tag", ImageCommands.Tag::new);
    makers.put("image history", ImageCommands.History::new);
    makers.put("image load", ArchiveCommands.Load::new);
    makers.put("image save", ArchiveCommands.Save::new);
    makers.put("image import", ArchiveCommands.Import::new);
    makers.put("image inspect", InspectCommands.Image::new);
    makers.put("image prune", PruneCommands.Images::new);
    makers.put("image build-base", NewImageCommands.BuildBase::new);
  }

  private void addNetworkCommands() {
    makers.put("network ls", NetworkCommands.Ls::new);
    makers.put("network create", NetworkCommands.Create::new);
    makers.put("network rm", NetworkCommands.Remove::new);
    makers.put("network connect", NetworkCommands.Connect::new);
    makers.put("network disconnect", NetworkCommands.Disconnect::new);
    makers.put("network inspect", InspectCommands.Network::new);
    makers.put("network prune", PruneCommands.Networks::new);
  }

  /** How many words of the arguments name a command: 2, 1, or 0 if none do. */
  int named(List<String> arguments) {
    if (arguments.size() >= 2 && makers.containsKey(path(arguments, 2))) {
      return 2;
    }
    return !arguments.isEmpty() && makers.containsKey(arguments.getFirst()) ? 1 : 0;
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
    var line = new CommandLine(maker.get());
    line.setCommandName("caisson " + path);
    line.setStopAtPositional(stopsAtPositional(path));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(false);
    line.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    line.setPosixClusteredShortOptionsAllowed(true);
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
    queue(path).add(line);
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

  SortedSet<String> groups() {
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
