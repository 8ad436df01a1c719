/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.BuildKit;
import dev.caisson.engine.Engine;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** {@code /grpc} and {@code /session}: clients that build as with BuildKit. */
final class BuildKitRoutes {
  private static final String PROTOCOL = "h2c";

  private final BuildKit buildKit;

  BuildKitRoutes(Engine engine, HostAccess access) {
    this.buildKit =
        new BuildKit(
            engine,
            mode -> {
              if (mode.equals("host")) {
                access.check(
                    HostAccess.Kind.HOST_NAMESPACES, "a build in the host's network", "buildkit");
              }
            });
  }

  void addTo(RouteTable routes) {
    routes
        .post("/build/cancel", this::cancel)
        .post("/session", this::session)
        .post("/grpc", this::control);
  }

  /** As dockerd: a build that is not there needs no end. */
  private void cancel(Exchange exchange) throws IOException {
    exchange.drain();
    buildKit.cancel(
        exchange.query("id").orElseThrow(() -> HttpException.badRequest("build ID not provided")));
    exchange.empty(200);
  }

  private static void requireUpgrade(Exchange exchange) throws IOException {
    if (!exchange.header("Upgrade").orElse("").equalsIgnoreCase(PROTOCOL)) {
      exchange.drain();
      throw HttpException.badRequest("this path is for HTTP/2: send 'Upgrade: " + PROTOCOL + "'");
    }
  }

  private void control(Exchange exchange) throws IOException {
    requireUpgrade(exchange);
    exchange.upgrade(PROTOCOL, buildKit::control);
  }

  private void session(Exchange exchange) throws IOException {
    requireUpgrade(exchange);
    String id =
        exchange
            .header("X-Docker-Expose-Session-Uuid")
            .filter(text -> !text.isBlank())
            .orElseThrow(
                () -> HttpException.badRequest("a session needs X-Docker-Expose-Session-Uuid"));
    if (buildKit.hasSession(id)) {
      exchange.drain();
      throw new HttpException(409, "the session '" + id + "' is open already");
    }
    exchange.upgrade(PROTOCOL, (connector, endPoint) -> buildKit.session(connector, endPoint, id));
  }

  /**
   * {@code POST /build?version=2}, with which docker command lines before 23 build: its files come
   * by a session, its progress as BuildKit's messages in base64.
   */
  void build(Exchange exchange) throws IOException {
    exchange.drain();
    String ref = exchange.query("buildid", exchange.query("session", ""));
    var exports = exports(exchange);
    boolean quiet = exchange.flag("q");
    Progress.report(
        exchange,
        progress -> {
          try {
            String image =
                buildKit.build(
                    ref,
                    exchange.query("session", ""),
                    attributes(exchange),
                    exports,
                    message ->
                        progress.trace(
                            "moby.buildkit.trace", Base64.getEncoder().encodeToString(message)));
            progress.aux("moby.image.id", Json.object().put("ID", image));
            if (quiet) {
              progress.stream(image + "\n");
            }
          } catch (BuildException failed) {
            progress.fail(String.valueOf(failed.getMessage()));
          }
        });
  }

  /** An image with these names, unless the client wants files. */
  private static List<Map.Entry<String, Map<String, String>>> exports(Exchange exchange) {
    List<Map.Entry<String, Map<String, String>>> exports = new ArrayList<>();
    for (JsonNode each : Queries.parse(exchange.query("outputs", "[]"), "outputs")) {
      Map<String, String> attributes = new HashMap<>();
      each.path("Attrs")
          .properties()
          .forEach(
              attribute -> attributes.put(attribute.getKey(), attribute.getValue().asString()));
      exports.add(Map.entry(each.path("Type").asString(""), attributes));
    }
    if (exports.isEmpty()) {
      var names = exchange.queryAll("t").stream().filter(tag -> !tag.isEmpty()).toList();
      exports.add(Map.entry("moby", Map.of("name", String.join(",", names))));
    }
    return List.copyOf(exports);
  }

  /** The route's parameters as the front end's attributes. */
  private static Map<String, String> attributes(Exchange exchange) {
    Map<String, String> attributes = new HashMap<>();
    attributes.put("filename", exchange.query("dockerfile", "Dockerfile"));
    exchange.query("target").ifPresent(target -> attributes.put("target", target));
    exchange.query("platform").ifPresent(platform -> attributes.put("platform", platform));
    exchange.query("networkmode").ifPresent(mode -> attributes.put("force-network-mode", mode));
    exchange
        .query("extrahosts")
        .ifPresent(hosts -> attributes.put("add-hosts", hosts.replace(":", "=")));
    if (exchange.flag("nocache")) {
      attributes.put("no-cache", "");
    }
    if (exchange.flag("pull")) {
      attributes.put("image-resolve-mode", "pull");
    }
    put(attributes, exchange, "buildargs", "build-arg:");
    put(attributes, exchange, "labels", "label:");
    String remote = exchange.query("remote", "client-session");
    if (!remote.equals("client-session")) {
      attributes.put("context", remote);
    }
    return attributes;
  }

  private static void put(
      Map<String, String> attributes, Exchange exchange, String parameter, String prefix) {
    JsonNode json = Queries.parse(exchange.query(parameter, "{}"), parameter);
    for (Map.Entry<String, JsonNode> each : json.properties()) {
      if (!each.getValue().isNull()) {
        attributes.put(prefix + each.getKey(), each.getValue().asString());
      }
    }
  }
}
