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
import dev.caisson.cli.option.WholeOption;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.view.NetworkInfo;
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
    @Mixin ListOptions list = new ListOptions();
    @Mixin WholeOption texts = new WholeOption();

    @Override
    public Integer call() {
      var table =
          new Table()
              .column("ID", "NETWORK ID")
              .column("Name", "NAME")
              .column("Driver", "DRIVER")
              .column("Scope", "SCOPE");
      return list.print(
          console().out(),
          engine().networks().list(filter.filters()),
          table,
          network -> texts.id(network.id()),
          this::row);
    }

    private Map<String, Object> row(NetworkInfo network) {
      var row = new LinkedHashMap<String, Object>();
      row.put("ID", texts.id(network.id()));
      row.put("Name", network.name());
      row.put("Driver", network.driver());
      row.put("Scope", network.scope());
      row.put("Internal", network.internal());
      row.put("CreatedAt", network.created().toString());
      return row;
    }
  }

  @Command(name = "create", description = "Make a network")
  static final class Create extends EngineCommand {
    @Option(
        names = {"-d", "--driver"},
        paramLabel = "NAME",
        defaultValue = "bridge",
        description = "bridge is what there is")
    String driver = "bridge";

    @Option(
        names = "--subnet",
        paramLabel = "CIDR",
        description = "addresses of its members; else free ones")
    List<String> subnets = new ArrayList<>();

    @Option(
        names = "--gateway",
        paramLabel = "ADDRESS",
        description = "the address of this host in it")
    List<String> gateways = new ArrayList<>();

    @Option(
        names = "--ip-range",
        paramLabel = "CIDR",
        description = "the part of the subnet given out")
    List<String> ranges = new ArrayList<>();

    @Option(names = "--internal", description = "without a way out")
    boolean internal;

    @Option(
        names = "--attachable",
        description = "taken for compatibility; every network can be joined")
    boolean attachable;

    @Option(names = "--ipv6", description = "with addresses of IPv6 too")
    boolean ipv6;

    @Mixin DriverOptions more = new DriverOptions();

    @Parameters(paramLabel = "NAME", description = "of the network")
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
                      more.options(),
                      more.labels())));
      return 0;
    }

    private static String at(List<String> list, int index) {
      return index < list.size() ? list.get(index) : "";
    }
  }

  @Command(name = "rm", description = "Remove networks")
  static final class Remove extends EngineCommand {
    @Parameters(arity = "1..*", paramLabel = "NETWORK", description = "name or id")
    List<String> networks = new ArrayList<>();

    @Override
    public Integer call() {
      return each(networks, name -> engine().networks().remove(name));
    }
  }

  @Command(name = "connect", description = "Join a container to a network")
  static final class Connect extends EngineCommand {
    @Option(
        names = "--alias",
        paramLabel = "NAME",
        description = "a further name for it there; may be repeated")
    List<String> aliases = new ArrayList<>();

    @Option(names = "--ip", paramLabel = "ADDRESS", description = "its IPv4 address")
    Optional<String> address = Optional.empty();

    @Option(names = "--ip6", paramLabel = "ADDRESS", description = "its IPv6 address")
    Optional<String> address6 = Optional.empty();

    @Parameters(index = "0", paramLabel = "NETWORK", description = "name or id")
    String network = "";

    @Parameters(index = "1", paramLabel = "CONTAINER", description = "name or id")
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
    @Option(
        names = {"-f", "--force"},
        description = "taken for compatibility; nothing has to be forced")
    boolean force;

    @Parameters(index = "0", paramLabel = "NETWORK", description = "name or id")
    String network = "";

    @Parameters(index = "1", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Override
    public Integer call() {
      engine().networks().disconnect(network, container, force);
      return 0;
    }
  }
}
