/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Networks;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /networks}. */
final class NetworkRoutes {
  /** Of {@code host} and {@code none}: ways to have no network of one's own. */
  private static final Set<String> MODE_DRIVERS = Set.of("host", "null");

  private final Networks networks;
  private final Containers containers;

  NetworkRoutes(Engine engine) {
    this.networks = engine.networks();
    this.containers = engine.containers();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/networks", this::list)
        .post("/networks/create", this::create)
        .post(
            "/networks/prune",
            exchange -> {
              ObjectNode json =
                  Reports.pruned("NetworksDeleted", networks.prune(Queries.filters(exchange)));
              json.remove("SpaceReclaimed");
              exchange.json(json);
            })
        .get("/networks/{id}", this::inspect)
        .delete(
            "/networks/{id}",
            exchange -> {
              networks.remove(changeable(exchange));
              exchange.empty(204);
            })
        .post("/networks/{id}/connect", this::connect)
        .post(
            "/networks/{id}/disconnect",
            exchange -> {
              Body body = Body.of(exchange.json());
              networks.disconnect(changeable(exchange), container(body), body.flag("Force"));
              exchange.empty(200);
            });
  }

  private void list(Exchange exchange) throws IOException {
    Filters filters = Queries.filters(exchange);
    ArrayNode json = Json.array();
    networks.list(filters).forEach(each -> json.add(NetworkJson.network(each, false)));
    exchange.json(json);
  }

  private void inspect(Exchange exchange) throws IOException {
    NetworkInfo found = networks.inspect(exchange.path("id"));
    exchange.json(NetworkJson.network(isMode(found) ? withMembers(found) : found, true));
  }

  private static boolean isMode(NetworkInfo network) {
    return MODE_DRIVERS.contains(network.driver());
  }

  /** {@code host} or {@code none} with the running containers that are in it. */
  private NetworkInfo withMembers(NetworkInfo mode) {
    Map<String, NetworkInfo.Member> members =
        containers.list(false, 0, false, Filters.none().with("network", mode.name())).stream()
            .collect(
                Collectors.toMap(
                    each -> each.id(),
                    each -> new NetworkInfo.Member(each.name(), each.id(), "", "", "")));
    return new NetworkInfo(
        mode.id(),
        mode.name(),
        mode.created(),
        mode.driver(),
        mode.scope(),
        mode.internal(),
        mode.attachable(),
        mode.ipv6(),
        mode.pools(),
        members,
        mode.options(),
        mode.labels());
  }

  private void connect(Exchange exchange) throws IOException {
    Body body = Body.of(exchange.json());
    networks.connect(
        changeable(exchange), container(body), CreateBody.endpoint(body.object("EndpointConfig")));
    exchange.empty(200);
  }

  /** The network of the path, which is neither {@code host} nor {@code none}. */
  private String changeable(Exchange exchange) {
    String id = exchange.path("id");
    NetworkInfo network = networks.inspect(id);
    if (isMode(network)) {
      throw new HttpException(
          403,
          network.name()
              + " is a pre-defined network: it cannot be removed, and containers are in it from their creation on");
    }
    return id;
  }

  private static String container(Body body) {
    return body.text("Container")
        .orElseThrow(() -> HttpException.badRequest("no container was given: set Container"));
  }

  private void create(Exchange exchange) throws IOException {
    Body body = Body.of(exchange.json());
    List<NetworkSpec.AddressPool> pools =
        body.object("IPAM")
            .objects(
                "Config",
                pool ->
                    new NetworkSpec.AddressPool(
                        pool.text("Subnet", ""),
                        pool.text("IPRange", ""),
                        pool.text("Gateway", ""),
                        pool.stringMap("AuxiliaryAddresses")));
    NetworkSpec spec =
        new NetworkSpec(
            body.text("Name")
                .orElseThrow(() -> HttpException.badRequest("no network name was given: set Name")),
            body.text("Driver", ""),
            body.flag("Internal"),
            body.flag("Attachable"),
            body.flag("EnableIPv6"),
            pools,
            body.stringMap("Options"),
            body.stringMap("Labels"));
    exchange.json(201, Json.object().put("Id", networks.create(spec)).put("Warning", ""));
  }
}
