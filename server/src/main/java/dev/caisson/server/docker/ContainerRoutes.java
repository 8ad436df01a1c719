/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Feed;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.PathStat;
import dev.caisson.engine.view.ProcessTable;
import dev.caisson.engine.view.Stats;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import dev.caisson.server.http.Takeover;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /containers}. */
final class ContainerRoutes {
  private static final String TAR = "application/x-tar";

  private final Containers containers;
  private final HostAccess access;
  private final ListedContainers listed = new ListedContainers();

  ContainerRoutes(Engine engine, HostAccess access) {
    this.access = access;
    this.containers = engine.containers();
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
        .get("/containers/{id}/logs", this::logs)
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
        .get("/containers/{id}/stats", this::stats)
        .post(
            "/containers/{id}/resize",
            exchange -> {
              containers.resize(
                  exchange.path("id"), Queries.size(exchange, "h"), Queries.size(exchange, "w"));
              exchange.empty(200);
            })
        .post(
            "/containers/{id}/start",
            exchange -> act(exchange, () -> containers.start(exchange.path("id"))))
        .post(
            "/containers/{id}/stop",
            exchange ->
                act(
                    exchange,
                    () ->
                        containers.stop(
                            exchange.path("id"), exchange.query("signal"), timeout(exchange))))
        .post(
            "/containers/{id}/restart",
            exchange ->
                act(
                    exchange,
                    () ->
                        containers.restart(
                            exchange.path("id"), exchange.query("signal"), timeout(exchange))))
        .post(
            "/containers/{id}/kill",
            exchange ->
                act(
                    exchange,
                    () ->
                        containers.kill(exchange.path("id"), exchange.query("signal", "SIGKILL"))))
        .post("/containers/{id}/update", this::update)
        .post(
            "/containers/{id}/rename",
            exchange ->
                act(
                    exchange,
                    () ->
                        containers.rename(
                            exchange.path("id"),
                            exchange
                                .query("name")
                                .orElseThrow(() ->
                                    HttpException.badRequest(
                                        "the query parameter name is missing")))))
        .post(
            "/containers/{id}/pause",
            exchange -> act(exchange, () -> containers.pause(exchange.path("id"))))
        .post(
            "/containers/{id}/unpause",
            exchange -> act(exchange, () -> containers.unpause(exchange.path("id"))))
        .post("/containers/{id}/attach", this::attach)
        .get("/containers/{id}/attach/ws", this::attachWebSocket)
        .post("/containers/{id}/wait", this::await)
        .delete(
            "/containers/{id}",
            exchange ->
                act(
                    exchange,
                    () ->
                        containers.remove(
                            exchange.path("id"), exchange.flag("force"), exchange.flag("v"))))
        .head(
            "/containers/{id}/archive",
            exchange -> {
              putStat(exchange, containers.stat(exchange.path("id"), path(exchange)));
              exchange.empty(200);
            })
        .get("/containers/{id}/archive", this::copyOut)
        .put("/containers/{id}/archive", this::copyIn);
  }

  private static void act(Exchange exchange, Runnable action) {
    action.run();
    exchange.empty(204);
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

  private void changes(Exchange exchange) throws IOException {
    ArrayNode json = Json.array();
    for (FileChange change : containers.changes(exchange.path("id"))) {
      json.addObject().put("Path", change.path()).put("Kind", change.kind().ordinal());
    }
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

  private void logs(Exchange exchange) throws IOException {
    String id = exchange.path("id");
    boolean stdout = exchange.flag("stdout");
    boolean stderr = exchange.flag("stderr");
    if (!stdout && !stderr) {
      throw HttpException.badRequest("Bad parameters: you must choose at least one stream");
    }
    InstanceInfo info = containers.inspect(id, false);
    boolean follow = exchange.flag("follow") && info.state().running();
    LogOptions options =
        new LogOptions(
            stdout,
            stderr,
            follow,
            tail(exchange),
            Times.query(exchange.query("since"), Instant.now()),
            Times.query(exchange.query("until"), Instant.now()));
    boolean raw = info.spec().process().tty();
    boolean stamps = exchange.flag("timestamps");
    String type = Frames.type(raw, exchange.version().atLeast(1, 42));
    Feed<LogRecord> feed = containers.logs(id, options);
    if (follow) {
      exchange.streamUntilClosed(type, client -> copyUntilGone(feed, client, raw, stamps));
      return;
    }
    try (feed;
        OutputStream out = exchange.stream(200, type)) {
      copy(feed, new Frames(out, raw), stamps);
    }
  }

  private static int tail(Exchange exchange) {
    String tail = exchange.query("tail", "all");
    if (tail.equals("all")) {
      return -1;
    }
    try {
      return Integer.parseInt(tail);
    } catch (NumberFormatException all) {
      return -1; // as dockerd: what is no number means all
    }
  }

  private static void copyUntilGone(
      Feed<LogRecord> feed, Takeover client, boolean raw, boolean stamps) {
    try (feed) {
      Streams.closeWhenGone(client, feed);
      copy(feed, new Frames(client.output(), raw), stamps);
    } catch (IOException gone) {
      // The client went away; the feed is closed.
    }
  }

  private static void copy(Feed<LogRecord> feed, Frames frames, boolean stamps) throws IOException {
    for (Optional<LogRecord> next = feed.next(); next.isPresent(); next = feed.next()) {
      LogRecord line = next.get();
      frames.write(line.stream(), stamps ? stamped(line) : line.data());
    }
  }

  private static byte[] stamped(LogRecord line) {
    byte[] stamp = (Times.logStamp(line.time()) + " ").getBytes(StandardCharsets.US_ASCII);
    byte[] both = java.util.Arrays.copyOf(stamp, stamp.length + line.data().length);
    System.arraycopy(line.data(), 0, both, stamp.length, line.data().length);
    return both;
  }

  private void stats(Exchange exchange) throws IOException {
    String id = exchange.path("id");
    if (exchange.flag("stream", true)) {
      Feed<Stats> feed = containers.statsFeed(id);
      exchange.streamUntilClosed(
          "application/json", client -> Streams.jsonLines(exchange, client, feed, StatsJson::of));
      return;
    }
    if (exchange.flag("one-shot")) {
      exchange.json(StatsJson.of(containers.stats(id)));
      return;
    }
    try (Feed<Stats> feed = containers.statsFeed(id)) { // two samples, so that a rate can be told
      Optional<Stats> first = feed.next();
      Optional<Stats> second =
          first.filter(sample -> sample.previous().isEmpty()).flatMap(sample -> feed.next());
      exchange.json(StatsJson.of(second.or(() -> first).orElseGet(() -> containers.stats(id))));
    }
  }

  private AttachOptions attachOptions(Exchange exchange) {
    return new AttachOptions(
        exchange.flag("stdin"),
        exchange.flag("stdout"),
        exchange.flag("stderr"),
        exchange.flag("logs"),
        exchange.flag("stream"),
        exchange.query("detachKeys", AttachOptions.DEFAULT_DETACH_KEYS));
  }

  private void attach(Exchange exchange) throws IOException {
    AttachOptions options = attachOptions(exchange);
    Attachment attachment = containers.attach(exchange.path("id"), options);
    String type = Frames.type(attachment.tty(), exchange.version().atLeast(1, 42));
    exchange.takeOver(type, client -> AttachSession.run(attachment, client, options.stdin()));
  }

  private void attachWebSocket(Exchange exchange) throws IOException {
    AttachOptions options = attachOptions(exchange);
    WebSocket.Handshake handshake = WebSocket.Handshake.of(exchange);
    Attachment attachment = containers.attach(exchange.path("id"), options);
    handshake.accept(exchange, client -> WebSocket.join(attachment, client, options.stdin()));
  }

  private void await(Exchange exchange) throws IOException {
    WaitCondition condition =
        switch (exchange.query("condition", "not-running")) {
          case "not-running" -> WaitCondition.NOT_RUNNING;
          case "next-exit" -> WaitCondition.NEXT_EXIT;
          case "removed" -> WaitCondition.REMOVED;
          default ->
              throw HttpException.badRequest(
                  "invalid condition: " + exchange.query("condition", ""));
        };
    CompletableFuture<ExitStatus> exit = containers.exit(exchange.path("id"), condition);
    // The headers go out now: the client starts the container only once it knows that the wait is
    // registered.
    exchange.streamUntilClosed(
        "application/json",
        client -> {
          Streams.closeWhenGone(client, () -> exit.cancel(false));
          Streams.line(exchange, client, exitJson(exit));
        });
  }

  private static ObjectNode exitJson(CompletableFuture<ExitStatus> exit) {
    try {
      ExitStatus status = exit.join();
      ObjectNode json = Json.object().put("StatusCode", status.code());
      if (!status.error().isEmpty()) {
        json.putObject("Error").put("Message", status.error());
      }
      return json;
    } catch (RuntimeException failed) {
      ObjectNode json = Json.object().put("StatusCode", 125);
      json.putObject("Error").put("Message", String.valueOf(failed.getMessage()));
      return json;
    }
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
