/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.command.PruningCommand;
import dev.caisson.cli.format.Document;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.HumanTime;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.DetachKeysOption;
import dev.caisson.cli.option.FilterOption;
import dev.caisson.cli.option.KeyValues;
import dev.caisson.cli.option.ListOptions;
import dev.caisson.cli.option.NetworkOptions;
import dev.caisson.cli.option.SignalProxyOption;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.SnapshotInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about containers kept as they ran. */
public final class SnapshotCommands {
  private SnapshotCommands() {}

  @Command(name = "create", description = "Keep a running container as it is")
  static final class Create extends EngineCommand {
    @Option(names = "--stop", description = "kill it where the snapshot stands; else it runs on")
    boolean stop;

    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "the name it gets")
    String name = "";

    @Override
    public Integer call() {
      print(engine().snapshots().create(container, name, !stop).name());
      return 0;
    }
  }

  @Command(name = "ls", description = "List snapshots")
  static final class Ls extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();
    @Mixin ListOptions list = new ListOptions();

    @Override
    public Integer call() {
      var table =
          new Table()
              .column("Name", "SNAPSHOT")
              .column("ContainerName", "CONTAINER")
              .column("Image", "IMAGE")
              .column("CreatedSince", "CREATED")
              .column("Size", "SIZE");
      return list.print(
          console().out(),
          engine().snapshots().list(filter.filters()),
          table,
          SnapshotInfo::name,
          Ls::row);
    }

    private static Map<String, Object> row(SnapshotInfo snapshot) {
      var row = new LinkedHashMap<String, Object>();
      row.put("Name", snapshot.name());
      row.put("Container", snapshot.container().substring(0, 12));
      row.put("ContainerName", snapshot.containerName());
      row.put("Image", snapshot.image());
      row.put("Isolation", snapshot.isolation());
      row.put("CreatedAt", snapshot.created().toString());
      row.put("CreatedSince", HumanTime.ago(snapshot.created()));
      row.put("Size", HumanSize.decimal(snapshot.size()));
      return row;
    }
  }

  /** All about one. */
  public static Map<String, Object> document(SnapshotInfo snapshot) {
    return new Document()
        .with("Name", snapshot.name())
        .with("Created", snapshot.created().toString())
        .with("Container", snapshot.container())
        .with("ContainerName", snapshot.containerName())
        .with("Image", snapshot.image())
        .with("ImageId", snapshot.imageId())
        .with("Isolation", snapshot.isolation())
        .with("Volumes", snapshot.volumes())
        .with("Kernel", snapshot.kernel())
        .with("Directory", snapshot.directory().toString())
        .with("Size", snapshot.size())
        .map();
  }

  @Command(name = "rm", description = "Remove snapshots")
  static final class Remove extends EngineCommand {
    @Parameters(arity = "1..*", paramLabel = "SNAPSHOT", description = "names")
    List<String> snapshots = new ArrayList<>();

    @Override
    public Integer call() {
      return each(snapshots, name -> engine().snapshots().remove(name));
    }
  }

  @Command(name = "prune", description = "Remove snapshots whose container is gone")
  static final class Prune extends PruningCommand {
    @Option(
        names = {"-a", "--all"},
        description = "every snapshot")
    boolean all;

    @Override
    public Integer call() {
      if (agreed(all ? "all snapshots" : "all snapshots of containers that are gone")) {
        var chosen = FilterOption.parse(filters);
        var report = engine().snapshots().prune(all ? chosen.with("all", "true") : chosen);
        show("Snapshots", report);
        total(report.reclaimed());
      }
      return 0;
    }
  }

  @Command(name = "run", description = "Make a container that goes on from a snapshot")
  static final class Run extends EngineCommand {
    @Option(names = "--name", paramLabel = "NAME", description = "a name; else one is made up")
    Optional<String> name = Optional.empty();

    @Option(
        names = {"-d", "--detach"},
        description = "leave it in the background and print its id")
    boolean detach;

    @Option(names = "--rm", description = "remove it once it has exited")
    boolean autoRemove;

    @Option(
        names = "--restart",
        paramLabel = "POLICY",
        defaultValue = "no",
        description = "as for run; a restarted one begins anew, not at the snapshot")
    String restart = "no";

    @Option(
        names = {"-l", "--label"},
        paramLabel = "NAME=VALUE",
        description = "a further label; may be repeated")
    List<String> labels = new ArrayList<>();

    @Mixin NetworkOptions network = new NetworkOptions();
    @Mixin DetachKeysOption detachKeys = new DetachKeysOption();
    @Mixin SignalProxyOption signalProxy = new SignalProxyOption();

    @Parameters(index = "0", paramLabel = "SNAPSHOT", description = "its name")
    String snapshot = "";

    @Override
    public Integer call() {
      try {
        return run();
      } catch (EngineException e) {
        tell(e);
        return e.kind().exitCode();
      }
    }

    private int run() {
      var spec =
          new CloneSpec(
              name,
              network.spec(),
              KeyValues.map(labels),
              RestartPolicy.parse(restart),
              autoRemove);
      var created = engine().snapshots().makeContainer(snapshot, spec);
      created.warnings().forEach(line -> console().err().println("WARNING: " + line));
      try {
        return detach ? inBackground(created.id()) : inForeground(created.id());
      } catch (EngineException e) {
        if (autoRemove) {
          removeIfThere(created.id());
        }
        throw e;
      }
    }

    private int inBackground(String id) {
      engine().snapshots().start(snapshot, id);
      print(id);
      return 0;
    }

    private int inForeground(String id) {
      boolean input = engine().containers().inspect(id, false).spec().process().openStdin();
      var condition = autoRemove ? WaitCondition.REMOVED : WaitCondition.NEXT_EXIT;
      var over = engine().containers().exit(id, condition);
      return new Foreground(console(), engine(), id, signalProxy.wanted)
          .run(
              new AttachOptions(input, true, true, false, true, detachKeys.keys),
              over,
              () -> engine().snapshots().start(snapshot, id));
    }

    private void removeIfThere(String id) {
      try {
        engine().containers().remove(id, true, true);
      } catch (EngineException e) {
        // What matters to the user is why it did not start.
      }
    }
  }
}
