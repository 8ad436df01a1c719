/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.Route;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.network.Endpoint;
import dev.caisson.network.NetworkDefinition;
import dev.caisson.network.NetworkDefinition.Range;
import java.net.InetAddress;
import java.util.Optional;

/**
 * How a workload is connected: by a wire of its own and routes, without a bridge.
 *
 * <pre>
 *   workload                         host
 *   eth0 172.17.0.2/32  ---- veth ---- cs0-…   route 172.17.0.2 dev cs0-… src 172.17.0.1
 *   default via 172.17.0.1             cb0-1   172.17.0.1/32 (the gateway, shared by all wires)
 * </pre>
 *
 * Neighbours are fixed at both ends, so no workload can answer for another one or for the gateway.
 * Pure but for the interface numbers it is given.
 */
public final class Wiring {
  private static final InetAddress GATEWAY6 = InetAddress.ofLiteral("fe80::1");

  private final NetworkDefinition network;
  private final Endpoint endpoint;
  private final NamespaceLink link;

  public Wiring(NetworkDefinition network, Endpoint endpoint, NamespaceLink link) {
    this.network = network;
    this.endpoint = endpoint;
    this.link = link;
  }

  /**
   * What the host does: its end of the wire, and the route over it.
   *
   * @param published whether ports of the workload are reached through the host's 127.0.0.1
   */
  public RouteBatch onHost(String workload, boolean published) {
    RouteBatch batch = new RouteBatch();
    batch.changeLink(
        link.host(),
        LinkSettings.none()
            .alias(LinkNames.alias(workload, network.id()))
            .group(network.number())
            .mtu(network.mtu())
            .loopbackRouted(published));
    reach(batch, endpoint.ipv4(), network.ipv4());
    network
        .ipv6()
        .ifPresent(range ->
            endpoint
                .ipv6()
                .ifPresent(address -> {
                  batch.addAddress(link.host(), GATEWAY6, 64);
                  reach(batch, address, range);
                }));
    return batch;
  }

  /**
   * What happens in the workload's namespace.
   *
   * @param wayOut whether its default route leads here
   */
  public RouteBatch inside(boolean wayOut) {
    MacAddress host = WorkloadNamespace.HOST_MAC;
    RouteBatch batch = new RouteBatch();
    batch.changeLink(link.inner(), LinkSettings.none().mac(endpoint.mac()).mtu(network.mtu()));
    Range range = network.ipv4();
    batch.addAddress(link.inner(), endpoint.ipv4(), 32);
    batch.putNeighbour(link.inner(), range.gateway(), host);
    batch.putRoute(Route.direct(range.gateway(), link.inner()));
    batch.putRoute(toward(range, range.gateway(), wayOut));
    network
        .ipv6()
        .ifPresent(six ->
            endpoint
                .ipv6()
                .ifPresent(address -> {
                  batch.addAddress(link.inner(), address, 128);
                  batch.putNeighbour(link.inner(), GATEWAY6, host);
                  batch.putRoute(toward(six, GATEWAY6, wayOut));
                }));
    return batch;
  }

  /** Takes the routes away, before the wire itself goes in its own time. */
  public static RouteBatch offHost(Endpoint endpoint, NamespaceLink link) {
    RouteBatch batch = new RouteBatch();
    batch.deleteRoute(Route.direct(endpoint.ipv4(), link.host()));
    endpoint.ipv6().ifPresent(six -> batch.deleteRoute(Route.direct(six, link.host())));
    return batch;
  }

  private void reach(RouteBatch batch, InetAddress address, Range range) {
    Route route = Route.direct(address, link.host());
    // A host's own packets to the workload carry the gateway's address, not that of some interface.
    batch.putRoute(address.getAddress().length == 4 ? route.from(range.gateway()) : route);
    batch.putNeighbour(link.host(), address, endpoint.mac());
  }

  private Route toward(Range range, InetAddress gateway, boolean wayOut) {
    if (wayOut && !network.internal()) {
      return Route.defaultVia(gateway, link.inner());
    }
    return new Route(
        range.subnet().base(),
        range.subnet().prefixLength(),
        link.inner(),
        Optional.of(gateway),
        Optional.empty());
  }
}
