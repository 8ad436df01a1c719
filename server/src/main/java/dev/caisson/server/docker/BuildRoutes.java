/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.build.BuildClient;
import dev.caisson.build.BuildContext;
import dev.caisson.build.BuildException;
import dev.caisson.build.BuildOutput;
import dev.caisson.build.BuildPlace;
import dev.caisson.build.BuildRequest;
import dev.caisson.build.Builder;
import dev.caisson.build.dockerfile.DockerfileException;
import dev.caisson.engine.Engine;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** {@code /build}: the classic builder's endpoint. */
final class BuildRoutes {
  private final Engine engine;
  private final HostAccess access;
  private final BuildKitRoutes sessions;

  BuildRoutes(Engine engine, HostAccess access, BuildKitRoutes sessions) {
    this.access = access;
    this.engine = engine;
    this.sessions = sessions;
  }

  void addTo(RouteTable routes) {
    routes.post("/build", this::build).post("/build/prune", this::prune);
  }

  private void prune(Exchange exchange) throws IOException {
    exchange.drain();
    long freed = BuildPlace.of(engine).prune();
    exchange.json(Json.object().putNull("CachesDeleted").put("SpaceReclaimed", freed));
  }

  private void build(Exchange exchange) throws IOException {
    if (exchange.query("version", "1").equals("2")) {
      sessions.build(exchange);
      return;
    }
    BuildRequest request = request(exchange);
    if (exchange.query("networkmode", "").equals("host")) {
      access.check(
          HostAccess.Kind.HOST_NAMESPACES, "a build in the host's network", exchange.client());
    }
    boolean quiet = exchange.flag("q");
    BuildPlace place = BuildPlace.of(engine);
    Progress.report(
        exchange,
        progress -> {
          BuildOutput output = quiet ? BuildOutput.SILENT : progress::stream;
          try (BuildContext context = context(exchange, place.scratch())) {
            String id = new Builder(engine, place).build(request, context, output);
            progress.aux(Json.object().put("ID", id));
            if (quiet) {
              progress.stream(id + "\n");
            }
          } catch (BuildException | DockerfileException failed) {
            progress.fail(String.valueOf(failed.getMessage()));
          }
        });
  }

  private static BuildContext context(Exchange exchange, Path scratch) throws IOException {
    String remote = exchange.query("remote", "");
    if (remote.isEmpty() || remote.equals("client-session")) {
      try (InputStream body = Streams.decompressed(exchange.body())) {
        return BuildContext.unpack(body, scratch);
      }
    }
    if (!remote.startsWith("http://") && !remote.startsWith("https://")
        || remote.endsWith(".git")) {
      throw HttpException.badRequest(
          "remote contexts are http(s) addresses of a tar; clone '"
              + remote
              + "' and build the directory");
    }
    try (InputStream tar = Streams.decompressed(URI.create(remote).toURL().openStream())) {
      return BuildContext.unpack(tar, scratch);
    }
  }

  private static BuildRequest request(Exchange exchange) {
    return new BuildRequest(
        exchange.query("dockerfile", "Dockerfile"),
        exchange.queryAll("t").stream().filter(tag -> !tag.isEmpty()).toList(),
        strings(exchange, "buildargs"),
        strings(exchange, "labels"),
        exchange.query("target"),
        Queries.platform(exchange),
        exchange.flag("nocache"),
        exchange.flag("pull"),
        exchange.query("networkmode", "").replace("default", ""),
        exchange.query("extrahosts").map(hosts -> List.of(hosts.split(","))).orElse(List.of()),
        resources(exchange),
        BuildClient.lending(Map.of()),
        Map.of(),
        Optional.empty(),
        logins(exchange));
  }

  private static ResourceSpec resources(Exchange exchange) {
    ResourceSpec.Builder limits = ResourceSpec.builder();
    positive(exchange, "memory", limits::memory);
    positive(exchange, "memswap", limits::memorySwap);
    positive(exchange, "cpushares", limits::cpuShares);
    positive(exchange, "cpuperiod", limits::cpuPeriod);
    positive(exchange, "cpuquota", limits::cpuQuota);
    exchange.query("cpusetcpus").ifPresent(limits::cpusetCpus);
    exchange.query("cpusetmems").ifPresent(limits::cpusetMems);
    return limits.build();
  }

  private static void positive(
      Exchange exchange, String name, java.util.function.LongConsumer set) {
    String text = exchange.query(name, "0");
    try {
      long value = Long.parseLong(text);
      if (value != 0) {
        set.accept(value);
      }
    } catch (NumberFormatException malformed) {
      throw HttpException.badRequest(
          "query parameter " + name + " takes a whole number, not '" + text + "'");
    }
  }

  private static Map<String, String> strings(Exchange exchange, String name) {
    String text = exchange.query(name, "{}");
    Map<String, String> values = new HashMap<>();
    JsonNode json = Queries.parse(text, name);
    for (Map.Entry<String, JsonNode> each : json.properties()) {
      if (!each.getValue().isNull()) { // null: the client's environment has no such variable
        values.put(each.getKey(), each.getValue().asString());
      }
    }
    return values;
  }

  /** X-Registry-Config: logins by registry, JSON in base64url. */
  private static Function<String, RegistryAuth> logins(Exchange exchange) {
    String header = exchange.header("X-Registry-Config").orElse("");
    if (header.isBlank()) {
      return image -> RegistryAuth.anonymous();
    }
    JsonNode json =
        Queries.parse(
            new String(
                Base64.getUrlDecoder().decode(header.strip().replace('+', '-').replace('/', '_')),
                StandardCharsets.UTF_8),
            "X-Registry-Config");
    Map<String, RegistryAuth> known = new HashMap<>();
    Body all = Body.of(json);
    json.propertyNames().forEach(server -> known.put(server, Queries.auth(all.object(server))));
    return image -> {
      int slash = image.indexOf('/');
      String server = slash < 0 ? "" : image.substring(0, slash);
      return known.getOrDefault(server, RegistryAuth.anonymous());
    };
  }
}
