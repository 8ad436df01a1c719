/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.PathStat;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The files of {@code /containers}: archives in and out, export and changes. */
final class ContainerFiles {
  private static final String TAR = "application/x-tar";

  private final Containers containers;

  ContainerFiles(Engine engine) {
    this.containers = engine.containers();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/containers/{id}/changes", this::changes)
        .get(
            "/containers/{id}/export",
            exchange -> {
              containers.inspect(
                  exchange.path("id"), false); // a missing one is 404 before the stream begins
              try (OutputStream out = exchange.stream(200, TAR)) {
                containers.export(exchange.path("id"), out);
              }
            })
        .head(
            "/containers/{id}/archive",
            exchange -> {
              putStat(exchange, containers.stat(exchange.path("id"), path(exchange)));
              exchange.empty(200);
            })
        .get("/containers/{id}/archive", this::copyOut)
        .put("/containers/{id}/archive", this::copyIn);
  }

  private void changes(Exchange exchange) throws IOException {
    ArrayNode json = Json.array();
    for (FileChange change : containers.changes(exchange.path("id"))) {
      json.addObject().put("Path", change.path()).put("Kind", change.kind().ordinal());
    }
    exchange.json(json);
  }

  private static String path(Exchange exchange) {
    return exchange
        .query("path")
        .orElseThrow(() -> HttpException.badRequest("the query parameter path is missing"));
  }

  private static void putStat(Exchange exchange, PathStat stat) {
    ObjectNode json = Json.object();
    json.put("name", stat.name());
    json.put("size", stat.size());
    json.put("mode", GoFileMode.of(stat.mode()));
    json.put("mtime", Times.rfc3339Nano(stat.modified()));
    json.put("linkTarget", stat.linkTarget());
    exchange.setHeader(
        "X-Docker-Container-Path-Stat",
        Base64.getEncoder().encodeToString(json.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private void copyOut(Exchange exchange) throws IOException {
    String path = path(exchange);
    putStat(exchange, containers.stat(exchange.path("id"), path));
    try (OutputStream out = exchange.stream(200, TAR)) {
      containers.copyOut(exchange.path("id"), path, out);
    }
  }

  private void copyIn(Exchange exchange) throws IOException {
    CopySpec options =
        new CopySpec(exchange.flag("noOverwriteDirNonDir"), exchange.flag("copyUIDGID"));
    try (InputStream body = Streams.decompressed(exchange.body())) {
      containers.copyIn(exchange.path("id"), path(exchange), body, options);
      body.skip(Long.MAX_VALUE); // the padding behind a tar's end
    }
    exchange.empty(200);
  }
}
