/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.Table;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about networks. */
final class NetworkCommands {
  private NetworkCommands() {}

  @Command(name = "ls", description = "List networks")
  static final class Ls extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();

    @Option(
        names = {"-q", "--quiet"},
        description = "only ids")
    boolean quiet;

    @Option(names = "--no-trunc")
    boolean whole;

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Override
    public Integer call() {
      var table =
          new Table()
              .column("ID", "NETWORK ID")
              .column("Name", "NAME")
              .column("Driver", "DRIVER")
              .column("Scope", "SCOPE");
      for (var network : engine().networks().list(filter.filters())) {
        var id =
            whole ? network.id() : network.id().substring(0, Math.min(12, network.id().length()));
        if (quiet) {
          print(id);
          continue;
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("ID", id);
        row.put("Name", network.name());
        row.put("Driver", network.driver());
        row.put("Scope", network.scope());
        row.put("Internal", network.internal());
        row.put("CreatedAt", network.created().toString());
        table.row(row);
      }
      if (!quiet) {
        table.print(console().out(), format);
      }
      return 0;
    }
  }

  @Command(name = "create", description = "Make a network")
  static final class Create extends EngineCommand {
    @Option(
        names = {"-d", "--driver"},
        defaultValue = "bridge")
    String driver = "bridge";

    @Option(names = "--subnet", paramLabel = "CIDR")
    List<String> subnets = new ArrayList<>();

    @Option(names = "--gateway", paramLabel = "ADDRESS")
    List<String> gateways = new ArrayList<>();

    @Option(names = "--ip-range", paramLabel = "CIDR")
    List<String> ranges = new ArrayList<>();

    @Option(names = "--internal", description = "without a way out")
    boolean internal;

    @Option(names = "--attachable")
    boolean attachable;

    @Option(names = "--ipv6")
    boolean ipv6;

    @Option(
        names = {"-o", "--opt"},
        paramLabel = "NAME=VALUE")
    List<String> options = new ArrayList<>();

    @Option(names = "--label", paramLabel = "NAME=VALUE")
    List<String> labels = new ArrayList<>();

    @Parameters(paramLabel = "NAME")
    String name = "";

    @Override
    public Integer call() {
      var pools = new ArrayList<NetworkSpec.AddressPool>();
      for (int i = 0; i < subnets.size(); i++) {
        pools.add(
            new NetworkSpec.AddressPool(subnets.get(i), at(ranges, i), at(gateways, i), Map.of()));
      }
      print(
          engine()
              .networks()
              .create(
                  new NetworkSpec(
                      name,
                      driver,
                      internal,
                      attachable,
                      ipv6,
                      pools,
                      KeyValues.map(options),
                      KeyValues.map(labels))));
      return 0;
    }

    private static String at(List<String> list, int index) {
      return index < list.size() ? list.get(index) : "";
    }
  }

  @Command(name = "rm", description = "Remove networks")
  static final class Remove extends EngineCommand {
    @Parameters(arity = "1..*", paramLabel = "NETWORK")
    List<String> networks = new ArrayList<>();

    @Override
    public Integer call() {
      return each(networks, name -> engine().networks().remove(name));
    }
  }

  @Command(name = "connect", description = "Join a container to a network")
  static final class Connect extends EngineCommand {
    @Option(names = "--alias", paramLabel = "NAME")
    List<String> aliases = new ArrayList<>();

    @Option(names = "--ip")
    Optional<String> address = Optional.empty();

    @Option(names = "--ip6")
    Optional<String> address6 = Optional.empty();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "CONTAINER")
    String container = "";

    @Override
    public Integer call() {
      engine()
          .networks()
          .connect(
              network,
              container,
              new EndpointSpec(aliases, List.of(), address, address6, Optional.empty(), Map.of()));
      return 0;
    }
  }

  @Command(name = "disconnect", description = "Take a container out of a network")
  static final class Disconnect extends EngineCommand {
    @Option(names = {"-f", "--force"})
    boolean force;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "CONTAINER")
    String container = "";

    @Override
    public Integer call() {
      engine().networks().disconnect(network, container, force);
      return 0;
    }
  }
}
