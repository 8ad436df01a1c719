/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Snapshots;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.util.List;

/** {@code /containers/{id}/checkpoints}: the snapshots of one container. */
final class CheckpointRoutes {
  private static final String NOTE =
      "501 but for isolation thin on our own hypervisor; names are unique on the host";

  private final Containers containers;
  private final Snapshots snapshots;

  CheckpointRoutes(Engine engine) {
    this.containers = engine.containers();
    this.snapshots = engine.snapshots();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/containers/{id}/checkpoints", this::list)
        .add("POST", "/containers/{id}/checkpoints", NOTE, this::create)
        .add(
            "DELETE",
            "/containers/{id}/checkpoints/{checkpoint}",
            "404 where none can be made",
            this::remove);
  }

  private List<SnapshotInfo> of(Exchange exchange) {
    requireNoDirectory(exchange.query("dir").orElse(""));
    String id = containers.inspect(exchange.path("id"), false).id();
    return snapshots.list(Filters.none().with("container", id));
  }

  static void requireNoDirectory(String directory) {
    if (!directory.isEmpty()) {
      throw HttpException.badRequest("checkpoints are kept below the engine's root, nowhere else");
    }
  }

  private void list(Exchange exchange) throws IOException {
    var names = Json.array();
    of(exchange).forEach(snapshot -> names.addObject().put("Name", snapshot.name()));
    exchange.json(names);
  }

  private void create(Exchange exchange) throws IOException {
    var body = Body.of(exchange.json());
    String name = body.text("CheckpointID", "");
    if (name.isEmpty()) {
      throw HttpException.badRequest("checkpoint name cannot be empty");
    }
    requireNoDirectory(body.text("CheckpointDir", ""));
    var info = containers.inspect(exchange.path("id"), false);
    try {
      snapshots.create(info.id(), name, !body.flag("Exit"));
    } catch (EngineException e) {
      throw new EngineException(
          e.kind(),
          "cannot checkpoint container " + info.id() + ": " + e.getMessage(),
          e.remedy(),
          e);
    }
    exchange.empty(201);
  }

  private void remove(Exchange exchange) throws IOException {
    String name = exchange.path("checkpoint");
    if (of(exchange).stream().noneMatch(snapshot -> snapshot.name().equals(name))) {
      throw new HttpException(404, "checkpoint " + name + " does not exist");
    }
    snapshots.remove(name);
    exchange.empty(204);
  }
}
