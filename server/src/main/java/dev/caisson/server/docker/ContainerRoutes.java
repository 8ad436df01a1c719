/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Snapshots;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.ProcessTable;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /containers}. */
final class ContainerRoutes {
  private final Containers containers;
  private final Snapshots snapshots;
  private final HostAccess access;
  private final ListedContainers listed = new ListedContainers();

  ContainerRoutes(Engine engine, HostAccess access) {
    this.access = access;
    this.containers = engine.containers();
    this.snapshots = engine.snapshots();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/containers/json", this::list)
        .post("/containers/create", this::create)
        .post(
            "/containers/prune",
            exchange ->
                exchange.json(
                    Reports.pruned(
                        "ContainersDeleted", containers.prune(Queries.filters(exchange)))))
        .get(
            "/containers/{id}/json",
            exchange ->
                exchange.json(
                    ContainerJson.inspect(
                        containers.inspect(exchange.path("id"), exchange.flag("size")),
                        exchange.version())))
        .get("/containers/{id}/top", this::top)
        .post(
            "/containers/{id}/resize",
            exchange -> {
              containers.resize(
                  exchange.path("id"), Queries.size(exchange, "h"), Queries.size(exchange, "w"));
              exchange.empty(200);
            });
    addVerbs(routes);
    routes
        .post("/containers/{id}/update", this::update)
        .delete(
            "/containers/{id}",
            exchange -> {
              containers.remove(exchange.path("id"), exchange.flag("force"), exchange.flag("v"));
              exchange.empty(204);
            });
  }

  private void start(String id, Exchange exchange) {
    CheckpointRoutes.requireNoDirectory(exchange.query("checkpoint-dir").orElse(""));
    exchange
        .query("checkpoint")
        .filter(name -> !name.isEmpty())
        .ifPresentOrElse(name -> snapshots.start(name, id), () -> containers.start(id));
  }

  private void addVerbs(RouteTable routes) {
    verb(routes, "start", this::start);
    verb(
        routes,
        "stop",
        (id, exchange) -> containers.stop(id, exchange.query("signal"), timeout(exchange)));
    verb(
        routes,
        "restart",
        (id, exchange) -> containers.restart(id, exchange.query("signal"), timeout(exchange)));
    verb(
        routes, "kill", (id, exchange) -> containers.kill(id, exchange.query("signal", "SIGKILL")));
    verb(routes, "pause", (id, exchange) -> containers.pause(id));
    verb(routes, "unpause", (id, exchange) -> containers.unpause(id));
    verb(
        routes,
        "rename",
        (id, exchange) ->
            containers.rename(
                id,
                exchange
                    .query("name")
                    .orElseThrow(
                        () -> HttpException.badRequest("the query parameter name is missing"))));
  }

  /** Something done to a container that has nothing to tell. */
  private interface Verb {
    void act(String id, Exchange exchange);
  }

  private static void verb(RouteTable routes, String name, Verb verb) {
    routes.post(
        "/containers/{id}/" + name,
        exchange -> {
          verb.act(exchange.path("id"), exchange);
          exchange.empty(204);
        });
  }

  private static Optional<Duration> timeout(Exchange exchange) {
    return exchange.number("t").map(Duration::ofSeconds);
  }

  private void list(Exchange exchange) throws IOException {
    int limit = exchange.number("limit").filter(value -> value > 0).orElse(0);
    List<InstanceSummary> found =
        containers.list(
            exchange.flag("all") || limit > 0,
            limit,
            exchange.flag("size"),
            Queries.filters(exchange));
    exchange.rendered(listed.json(found));
  }

  private void create(Exchange exchange) throws IOException {
    JsonNode body = exchange.json();
    List<String> warnings = HostConfigReview.review(Body.of(body));
    InstanceSpec spec = CreateBody.read(body, exchange.query("name"), exchange.query("platform"));
    access.check(spec, exchange.client());
    Created created = containers.create(spec);
    warnings.addAll(created.warnings());
    ObjectNode json = Json.object().put("Id", created.id());
    json.set("Warnings", Json.strings(warnings));
    exchange.json(201, json);
  }

  private void top(Exchange exchange) throws IOException {
    List<String> arguments =
        exchange.query("ps_args").map(text -> List.of(text.split("[ +]+"))).orElse(List.of());
    ProcessTable table = containers.top(exchange.path("id"), arguments);
    ObjectNode json = Json.object();
    json.set("Titles", Json.strings(table.titles()));
    ArrayNode rows = json.putArray("Processes");
    table.processes().forEach(row -> rows.add(Json.strings(row)));
    exchange.json(json);
  }

  private void update(Exchange exchange) throws IOException {
    Body body = Body.of(exchange.json());
    var policy =
        body.has("RestartPolicy")
            ? Optional.of(CreateBody.restartPolicy(body.object("RestartPolicy")))
            : Optional.<dev.caisson.engine.spec.RestartPolicy>empty();
    List<String> warnings = containers.update(exchange.path("id"), ResourceBody.read(body), policy);
    ObjectNode json = Json.object();
    json.set("Warnings", Json.strings(warnings));
    exchange.json(json);
  }
}
