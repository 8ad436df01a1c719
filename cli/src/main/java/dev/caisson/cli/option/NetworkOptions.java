/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

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
public final class NetworkOptions {
  @Option(
      names = {"--network", "--net"},
      paramLabel = "NETWORK",
      description = "bridge, none, host, container:NAME or a network's name; may be repeated")
  List<String> networks = new ArrayList<>();

  @Option(
      names = {"--network-alias", "--net-alias"},
      paramLabel = "NAME",
      description = "a further name on its network; may be repeated")
  List<String> aliases = new ArrayList<>();

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[[IP:]HOST:]PORT[/PROTOCOL]",
      description = "make its port reachable at one of this host; may be repeated")
  List<String> published = new ArrayList<>();

  @Option(
      names = {"-P", "--publish-all"},
      description = "every exposed port at a free one of the host")
  boolean publishAll;

  @Option(
      names = "--expose",
      paramLabel = "PORT",
      description = "a port it listens on; may be repeated")
  List<String> exposed = new ArrayList<>();

  @Option(
      names = {"-h", "--hostname"},
      paramLabel = "NAME",
      description = "its host name; else its short id")
  Optional<String> hostname = Optional.empty();

  @Option(names = "--domainname", paramLabel = "NAME", description = "its domain")
  Optional<String> domainname = Optional.empty();

  @Option(
      names = "--ip",
      paramLabel = "ADDRESS",
      description = "its IPv4 address, on a network of your own")
  Optional<String> address = Optional.empty();

  @Option(
      names = "--ip6",
      paramLabel = "ADDRESS",
      description = "its IPv6 address, on a network of your own")
  Optional<String> address6 = Optional.empty();

  @Option(names = "--mac-address", paramLabel = "ADDRESS", description = "of its first interface")
  Optional<String> macAddress = Optional.empty();

  @Option(
      names = "--dns",
      paramLabel = "ADDRESS",
      description = "a name server instead of the ones of this host; may be repeated")
  List<String> dns = new ArrayList<>();

  @Option(
      names = {"--dns-option", "--dns-opt"},
      paramLabel = "OPTION",
      description = "an option of resolv.conf; may be repeated")
  List<String> dnsOptions = new ArrayList<>();

  @Option(
      names = "--dns-search",
      paramLabel = "DOMAIN",
      description = "a domain to look names up in; may be repeated")
  List<String> dnsSearch = new ArrayList<>();

  @Option(
      names = "--add-host",
      paramLabel = "NAME:ADDRESS",
      description = "a line of its hosts file; may be repeated")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = "--link",
      paramLabel = "CONTAINER[:ALIAS]",
      description = "another container by a name; may be repeated")
  List<String> links = new ArrayList<>();

  public NetworkingSpec spec() {
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
