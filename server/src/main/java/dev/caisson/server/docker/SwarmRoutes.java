/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.server.http.Handler;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.util.List;

/** Clustering and plugins, answered as a daemon outside a swarm and without plugins answers. */
final class SwarmRoutes {
  private static final String NO_MANAGER =
      "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try"
          + " again.";
  static final String NOTE = "503, as a daemon outside a swarm";
  static final Handler REFUSE =
      exchange -> {
        exchange.drain();
        throw new HttpException(503, NO_MANAGER);
      };

  private static final Handler NO_SUCH_PLUGIN =
      exchange -> {
        exchange.drain();
        throw new HttpException(404, "plugin \"" + exchange.path("name") + "\" not found");
      };

  private SwarmRoutes() {}

  static void addTo(RouteTable routes) {
    for (String collection : List.of("services", "tasks", "nodes", "secrets", "configs")) {
      routes.add("GET", "/" + collection, NOTE, REFUSE);
      routes.add("GET", "/" + collection + "/{id}", NOTE, REFUSE);
    }
    for (String collection : List.of("services", "secrets", "configs")) {
      routes.add("POST", "/" + collection + "/create", NOTE, REFUSE);
      routes.add("POST", "/" + collection + "/{id}/update", NOTE, REFUSE);
      routes.add("DELETE", "/" + collection + "/{id}", NOTE, REFUSE);
    }
    routes.add("POST", "/nodes/{id}/update", NOTE, REFUSE);
    routes.add("DELETE", "/nodes/{id}", NOTE, REFUSE);
    routes.add("GET", "/services/{id}/logs", NOTE, REFUSE);
    routes.add("GET", "/tasks/{id}/logs", NOTE, REFUSE);
    routes.add("GET", "/swarm", NOTE, REFUSE);
    routes.add(
        "POST",
        "/swarm/leave",
        NOTE,
        exchange -> {
          exchange.drain();
          throw new HttpException(503, "This node is not part of a swarm");
        });
    routes.add("GET", "/swarm/unlockkey", NOTE, REFUSE);
    for (String verb : List.of("init", "join", "update", "unlock")) {
      routes.add(
          "POST",
          "/swarm/" + verb,
          "501: Caisson runs on one host",
          exchange -> {
            exchange.drain();
            throw new HttpException(501, "Caisson runs on one host and joins no swarm");
          });
    }
    addPlugins(routes);
  }

  private static void addPlugins(RouteTable routes) {
    routes.get("/plugins", exchange -> exchange.json(Json.array()));
    routes.get("/plugins/privileges", exchange -> exchange.json(Json.array()));
    for (String path :
        List.of(
            "/plugins/pull",
            "/plugins/create",
            "/plugins/{name*}/enable",
            "/plugins/{name*}/disable")) {
      routes.add(
          "POST",
          path,
          "501: no plugins",
          exchange -> {
            exchange.drain();
            throw new HttpException(501, "Caisson has no plugins");
          });
    }
    for (String verb : List.of("push", "set", "upgrade")) {
      routes.add("POST", "/plugins/{name*}/" + verb, "404: no plugins", NO_SUCH_PLUGIN);
    }
    routes.add("GET", "/plugins/{name*}/json", "404: no plugins", NO_SUCH_PLUGIN);
    routes.add("DELETE", "/plugins/{name*}", "404: no plugins", NO_SUCH_PLUGIN);
  }
}
