/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.net.Link;
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.nftables.RuleEngine;
import dev.caisson.network.NetworkException.Kind;
import dev.caisson.network.PublishedPort.Protocol;
import dev.caisson.network.dns.Resolver;
import dev.caisson.network.forward.Ruleset;
import dev.caisson.network.link.LinkNames;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The host's address in each network, and the name server that listens there. */
final class Gateways implements AutoCloseable {
  private static final int DNS_PORT = 53;

  private final RouteSocket host;
  private final RuleEngine rules;
  private final Ruleset ruleset;
  private final LinkNames names;
  private final Resolver.Service service;
  private final Map<String, Resolver> resolvers = new HashMap<>();

  Gateways(
      RouteSocket host,
      RuleEngine rules,
      Ruleset ruleset,
      LinkNames names,
      Resolver.Service service) {
    this.host = host;
    this.rules = rules;
    this.ruleset = ruleset;
    this.names = names;
    this.service = service;
  }

  /** Gives the host its address in the network, and starts the name server there. */
  void open(NetworkDefinition network) {
    String name = names.gateway(network);
    if (host.link(name).isEmpty()) {
      // A bridge that never gets a port: the quietest interface every kernel has.
      host.execute(new RouteBatch().createBridge(LinkSettings.named(name)));
    }
    int index = host.link(name).orElseThrow().index();
    RouteBatch batch = new RouteBatch();
    batch.changeLink(
        index, LinkSettings.none().alias("caisson network " + network.name()).quietly().up(true));
    batch.addAddress(index, network.ipv4().gateway(), 32);
    network.ipv6().ifPresent(range -> batch.addAddress(index, range.gateway(), 128));
    host.execute(batch);
    serve(network);
  }

  void close(NetworkDefinition network) {
    Resolver resolver = resolvers.remove(network.id());
    if (resolver != null) {
      int port = resolver.port();
      resolver.close();
      if (port != DNS_PORT) {
        InetAddress address = network.ipv4().gateway();
        rules.run(
            ruleset.removeRedirect(Protocol.UDP, address, DNS_PORT)
                + ruleset.removeRedirect(Protocol.TCP, address, DNS_PORT));
      }
    }
    host.execute(
        new RouteBatch().deleteLink(names.gateway(network)),
        errno -> errno.name().equals("ENODEV"));
  }

  /** Interfaces of networks that are no more. */
  List<Link> strangers(List<Link> links, List<NetworkDefinition> known) {
    List<String> expected = known.stream().map(names::gateway).toList();
    return links.stream()
        .filter(link -> link.name().startsWith(names.gatewayPrefix()))
        .filter(link -> !expected.contains(link.name()))
        .toList();
  }

  @Override
  public void close() {
    resolvers.values().forEach(Resolver::close);
    resolvers.clear();
  }

  private void serve(NetworkDefinition network) {
    InetAddress address = network.ipv4().gateway();
    try {
      Resolver resolver = Resolver.start(address, service);
      resolvers.put(network.id(), resolver);
      if (resolver.port() != DNS_PORT) {
        rules.run(
            ruleset.redirect(Protocol.UDP, address, DNS_PORT, resolver.port())
                + ruleset.redirect(Protocol.TCP, address, DNS_PORT, resolver.port()));
      }
    } catch (IOException e) {
      throw new NetworkException(
          Kind.UNAVAILABLE,
          "no name server at " + address.getHostAddress() + ": " + e.getMessage(),
          "look at what else listens there: ss -lnup",
          e);
    }
  }
}
