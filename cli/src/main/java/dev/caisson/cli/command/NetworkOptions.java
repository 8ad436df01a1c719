/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a new container is reached. */
final class NetworkOptions {
  @Option(
      names = {"--network", "--net"},
      paramLabel = "NETWORK",
      description = "bridge, none, host, container:NAME or a network's name; may be repeated")
  List<String> networks = new ArrayList<>();

  @Option(
      names = {"--network-alias", "--net-alias"},
      paramLabel = "NAME")
  List<String> aliases = new ArrayList<>();

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[[IP:]HOST:]PORT[/PROTOCOL]")
  List<String> published = new ArrayList<>();

  @Option(
      names = {"-P", "--publish-all"},
      description = "every exposed port at a free one of the host")
  boolean publishAll;

  @Option(names = "--expose", paramLabel = "PORT")
  List<String> exposed = new ArrayList<>();

  @Option(names = {"-h", "--hostname"})
  Optional<String> hostname = Optional.empty();

  @Option(names = "--domainname")
  Optional<String> domainname = Optional.empty();

  @Option(names = "--ip")
  Optional<String> address = Optional.empty();

  @Option(names = "--ip6")
  Optional<String> address6 = Optional.empty();

  @Option(names = "--mac-address")
  Optional<String> macAddress = Optional.empty();

  @Option(names = "--dns", paramLabel = "ADDRESS")
  List<String> dns = new ArrayList<>();

  @Option(names = {"--dns-option", "--dns-opt"})
  List<String> dnsOptions = new ArrayList<>();

  @Option(names = "--dns-search", paramLabel = "DOMAIN")
  List<String> dnsSearch = new ArrayList<>();

  @Option(names = "--add-host", paramLabel = "NAME:ADDRESS")
  List<String> hosts = new ArrayList<>();

  @Option(names = "--link", paramLabel = "CONTAINER[:ALIAS]")
  List<String> links = new ArrayList<>();

  NetworkingSpec spec() {
    var mode = networks.isEmpty() ? "default" : networks.getFirst();
    var bindings = new ArrayList<PortBinding>();
    published.forEach(text -> bindings.addAll(PortWords.bindings(text)));
    var ports = new HashSet<PortSpec>();
    exposed.forEach(text -> ports.addAll(PortWords.ports(text)));
    return new NetworkingSpec(
        mode,
        endpoints(mode),
        ports,
        bindings,
        publishAll,
        false,
        hostname,
        domainname,
        macAddress,
        dns,
        dnsOptions,
        dnsSearch,
        hosts,
        links);
  }

  private Map<String, EndpointSpec> endpoints(String mode) {
    var endpoints = new HashMap<String, EndpointSpec>();
    boolean fixed = address.isPresent() || address6.isPresent();
    if (!aliases.isEmpty() || fixed || networks.size() > 1) {
      if (mode.equals("none") || mode.equals("host") || mode.startsWith("container:")) {
        throw EngineException.invalid(
            "conflicting options: addresses and aliases with --network " + mode,
            "name a network of your own");
      }
      endpoints.put(
          mode, new EndpointSpec(aliases, links, address, address6, macAddress, Map.of()));
    }
    networks.stream().skip(1).forEach(name -> endpoints.put(name, EndpointSpec.automatic()));
    return endpoints;
  }
}
