/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Networks;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /networks}. */
final class NetworkRoutes {
  private final Networks networks;

  NetworkRoutes(Engine engine) {
    this.networks = engine.networks();
  }

  void addTo(RouteTable routes) {
    routes
        .get(
            "/networks",
            exchange -> {
              ArrayNode json = Json.array();
              for (NetworkInfo each : networks.list(Queries.filters(exchange))) {
                json.add(NetworkJson.network(each, false));
              }
              exchange.json(json);
            })
        .post("/networks/create", this::create)
        .post(
            "/networks/prune",
            exchange -> {
              ObjectNode json =
                  Reports.pruned("NetworksDeleted", networks.prune(Queries.filters(exchange)));
              json.remove("SpaceReclaimed");
              exchange.json(json);
            })
        .get(
            "/networks/{id}",
            exchange ->
                exchange.json(NetworkJson.network(networks.inspect(exchange.path("id")), true)))
        .delete(
            "/networks/{id}",
            exchange -> {
              networks.remove(exchange.path("id"));
              exchange.empty(204);
            })
        .post(
            "/networks/{id}/connect",
            exchange -> {
              Body body = Body.of(exchange.json());
              networks.connect(
                  exchange.path("id"),
                  container(body),
                  CreateBody.endpoint(body.object("EndpointConfig")));
              exchange.empty(200);
            })
        .post(
            "/networks/{id}/disconnect",
            exchange -> {
              Body body = Body.of(exchange.json());
              networks.disconnect(exchange.path("id"), container(body), body.flag("Force"));
              exchange.empty(200);
            });
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
