/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Feed;
import dev.caisson.engine.view.DiskUsage;
import dev.caisson.engine.view.Event;
import dev.caisson.engine.view.VersionInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /info}, {@code /version}, {@code /_ping}, {@code /events}, {@code /system/df} and {@code
 * /auth}.
 */
final class SystemRoutes {
  private final Engine engine;

  SystemRoutes(Engine engine) {
    this.engine = engine;
  }

  void addTo(RouteTable routes) {
    routes
        .get("/_ping", exchange -> ping(exchange, "OK"))
        .head("/_ping", exchange -> ping(exchange, ""))
        .get("/version", exchange -> exchange.json(version(engine.host().version())))
        .get("/info", exchange -> exchange.json(InfoJson.of(engine.host().info())))
        .get("/events", this::events)
        .get("/system/df", this::diskUsage)
        .post(
            "/auth",
            exchange -> {
              String token = engine.host().login(Queries.auth(Body.of(exchange.json())));
              exchange.json(
                  Json.object().put("Status", "Login Succeeded").put("IdentityToken", token));
            });
  }

  private static void ping(Exchange exchange, String body) throws IOException {
    exchange.setHeader("Api-Version", DockerApi.NEWEST.toString());
    exchange.setHeader("Docker-Experimental", "false");
    exchange.setHeader("Ostype", "linux");
    exchange.setHeader("Builder-Version", "2");
    exchange.setHeader("Swarm", "inactive");
    exchange.setHeader("Cache-Control", "no-cache, no-store, must-revalidate");
    exchange.setHeader("Pragma", "no-cache");
    exchange.setHeader("Server", "Caisson");
    exchange.text(200, "text/plain; charset=utf-8", body);
  }

  private static ObjectNode version(VersionInfo version) {
    ObjectNode json = Json.object();
    json.putObject("Platform").put("Name", "Caisson " + version.version());
    json.put("Version", DockerApi.RELEASE);
    json.put("ApiVersion", DockerApi.NEWEST.toString());
    json.put("MinAPIVersion", DockerApi.OLDEST.toString());
    json.put("Os", version.os());
    json.put("Arch", version.architecture());
    json.put("KernelVersion", version.kernelVersion());
    json.put("GitCommit", version.revision());
    json.put("GoVersion", "none: Java " + version.javaVersion());
    json.put("BuildTime", Times.rfc3339Nano(version.built()));
    ArrayNode components = json.putArray("Components");
    ObjectNode component =
        components.addObject().put("Name", "Engine").put("Version", DockerApi.RELEASE);
    component
        .putObject("Details")
        .put("ApiVersion", DockerApi.NEWEST.toString())
        .put("MinAPIVersion", DockerApi.OLDEST.toString())
        .put("Arch", version.architecture())
        .put("Os", version.os())
        .put("KernelVersion", version.kernelVersion())
        .put("GitCommit", version.revision())
        .put("GoVersion", "none: Java " + version.javaVersion())
        .put("BuildTime", Times.rfc3339Nano(version.built()))
        .put("Experimental", "false");
    components.addObject().put("Name", "caisson").put("Version", version.version());
    return json;
  }

  private void events(Exchange exchange) throws IOException {
    Instant now = Instant.now();
    Feed<Event> feed =
        engine
            .events()
            .subscribe(
                Times.query(exchange.query("since"), now),
                Times.query(exchange.query("until"), now),
                Queries.filters(exchange));
    exchange.streamUntilClosed(
        "application/json",
        client -> Streams.jsonLines(exchange, client, feed, SystemRoutes::event));
  }

  static ObjectNode event(Event event) {
    ObjectNode json = Json.object();
    if (event.type().equals("container") || event.type().equals("image")) {
      json.put("status", event.action());
      json.put("id", event.actor());
      Optional.ofNullable(event.attributes().get("image"))
          .ifPresent(image -> json.put("from", image));
    }
    json.put("Type", event.type());
    json.put("Action", event.action());
    ObjectNode actor = json.putObject("Actor").put("ID", event.actor());
    actor.set("Attributes", Json.strings(event.attributes()));
    json.put("scope", "local");
    json.put("time", event.time().getEpochSecond());
    json.put("timeNano", event.time().getEpochSecond() * 1_000_000_000L + event.time().getNano());
    return json;
  }

  private void diskUsage(Exchange exchange) throws IOException {
    DiskUsage usage = engine.host().diskUsage();
    List<String> types = exchange.queryAll("type");
    Predicate<String> wanted = type -> types.isEmpty() || types.contains(type);
    ObjectNode json = Json.object();
    json.put("LayersSize", usage.layersSize());
    if (wanted.test("image")) {
      ArrayNode images = json.putArray("Images");
      usage.images().forEach(each -> images.add(ImageJson.summary(each)));
    }
    if (wanted.test("container")) {
      ArrayNode containers = json.putArray("Containers");
      usage.containers().forEach(each -> containers.add(ContainerJson.summary(each)));
    }
    if (wanted.test("volume")) {
      ArrayNode volumes = json.putArray("Volumes");
      usage.volumes().forEach(each -> volumes.add(VolumeRoutes.volume(each)));
    }
    if (wanted.test("build-cache")) {
      json.putArray("BuildCache");
    }
    exchange.json(json);
  }
}
