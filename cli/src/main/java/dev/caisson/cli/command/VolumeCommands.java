/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.Table;
import dev.caisson.engine.spec.VolumeSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about volumes. */
final class VolumeCommands {
  private VolumeCommands() {}

  @Command(name = "ls", description = "List volumes")
  static final class Ls extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();

    @Option(
        names = {"-q", "--quiet"},
        description = "only names")
    boolean quiet;

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Override
    public Integer call() {
      var table = new Table().column("Driver", "DRIVER").column("Name", "VOLUME NAME");
      for (var volume : engine().volumes().list(filter.filters())) {
        if (quiet) {
          print(volume.name());
          continue;
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("Driver", volume.driver());
        row.put("Name", volume.name());
        row.put("Mountpoint", volume.mountpoint().toString());
        row.put("Scope", "local");
        table.row(row);
      }
      if (!quiet) {
        table.print(console().out(), format);
      }
      return 0;
    }
  }

  @Command(name = "create", description = "Make a volume")
  static final class Create extends EngineCommand {
    @Option(
        names = {"-d", "--driver"},
        defaultValue = "local")
    String driver = "local";

    @Option(
        names = {"-o", "--opt"},
        paramLabel = "NAME=VALUE")
    List<String> options = new ArrayList<>();

    @Option(names = "--label", paramLabel = "NAME=VALUE")
    List<String> labels = new ArrayList<>();

    @Parameters(arity = "0..1", paramLabel = "NAME")
    String name = "";

    @Override
    public Integer call() {
      var spec = new VolumeSpec(name, driver, KeyValues.map(options), KeyValues.map(labels));
      print(engine().volumes().create(spec).name());
      return 0;
    }
  }

  @Command(name = "rm", description = "Remove volumes")
  static final class Remove extends EngineCommand {
    @Option(
        names = {"-f", "--force"},
        description = "a missing one is no error")
    boolean force;

    @Parameters(arity = "1..*", paramLabel = "VOLUME")
    List<String> volumes = new ArrayList<>();

    @Override
    public Integer call() {
      return each(volumes, name -> engine().volumes().remove(name, force));
    }
  }
}
