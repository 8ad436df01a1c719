/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.DriverOptions;
import dev.caisson.cli.option.FilterOption;
import dev.caisson.cli.option.ListOptions;
import dev.caisson.engine.spec.VolumeSpec;
import dev.caisson.engine.view.VolumeInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    @Mixin ListOptions list = new ListOptions();

    @Override
    public Integer call() {
      var table = new Table().column("Driver", "DRIVER").column("Name", "VOLUME NAME");
      return list.print(
          console().out(),
          engine().volumes().list(filter.filters()),
          table,
          VolumeInfo::name,
          Ls::row);
    }

    private static Map<String, Object> row(VolumeInfo volume) {
      var row = new LinkedHashMap<String, Object>();
      row.put("Driver", volume.driver());
      row.put("Name", volume.name());
      row.put("Mountpoint", volume.mountpoint().toString());
      row.put("Scope", "local");
      return row;
    }
  }

  @Command(name = "create", description = "Make a volume")
  static final class Create extends EngineCommand {
    @Option(
        names = {"-d", "--driver"},
        paramLabel = "NAME",
        defaultValue = "local",
        description = "local is what there is")
    String driver = "local";

    @Mixin DriverOptions more = new DriverOptions();

    @Parameters(
        arity = "0..1",
        paramLabel = "NAME",
        description = "of the volume; else one is made up")
    String name = "";

    @Override
    public Integer call() {
      var spec = new VolumeSpec(name, driver, more.options(), more.labels());
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

    @Parameters(arity = "1..*", paramLabel = "VOLUME", description = "names")
    List<String> volumes = new ArrayList<>();

    @Override
    public Integer call() {
      return each(volumes, name -> engine().volumes().remove(name, force));
    }
  }
}
