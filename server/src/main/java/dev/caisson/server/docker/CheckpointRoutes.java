/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** {@code /containers/{id}/checkpoints}: no isolation here takes checkpoints, and they say why. */
final class CheckpointRoutes {
  private static final String NOTE = "501 or 404: no isolation takes checkpoints";

  private final Containers containers;

  CheckpointRoutes(Engine engine) {
    this.containers = engine.containers();
  }

  void addTo(RouteTable routes) {
    routes
        .get(
            "/containers/{id}/checkpoints",
            exchange -> {
              containers.inspect(exchange.path("id"), false);
              exchange.json(Json.array());
            })
        .add("POST", "/containers/{id}/checkpoints", NOTE, this::create)
        .add(
            "DELETE",
            "/containers/{id}/checkpoints/{checkpoint}",
            NOTE,
            exchange -> {
              containers.inspect(exchange.path("id"), false);
              throw new HttpException(
                  404, "checkpoint " + exchange.path("checkpoint") + " does not exist");
            });
  }

  private void create(Exchange exchange) throws IOException {
    if (Body.of(exchange.json()).text("CheckpointID").isEmpty()) {
      throw HttpException.badRequest("checkpoint name cannot be empty");
    }
    var info = containers.inspect(exchange.path("id"), false);
    if (!info.state().running()) {
      throw new HttpException(409, "container " + info.id() + " is not running");
    }
    throw new HttpException(
        501,
        installed()
            ? "checkpoints are not supported for a container of isolation " + info.isolation()
            : "checkpoints need criu, which is not installed on this host");
  }

  private static boolean installed() {
    return Arrays.stream("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "criu")));
  }
}
