/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;

/** {@code /build} and what belongs to it. */
final class BuildRoutes {
  private final Engine engine;

  BuildRoutes(Engine engine) {
    this.engine = engine;
  }

  void addTo(RouteTable routes) {
    routes
        .post(
            "/build/prune",
            exchange ->
                exchange.json(Json.object().putNull("CachesDeleted").put("SpaceReclaimed", 0)))
        .add(
            "POST",
            "/session",
            "404: clients fall back to the classic builder",
            exchange -> {
              throw new HttpException(404, "page not found");
            });
  }
}
