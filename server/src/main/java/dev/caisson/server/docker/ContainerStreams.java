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
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.Stats;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import dev.caisson.server.http.Takeover;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code /containers} answers for as long as a client listens: logs, stats, attach and wait.
 */
final class ContainerStreams {
  private final Containers containers;

  ContainerStreams(Engine engine) {
    this.containers = engine.containers();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/containers/{id}/logs", this::logs)
        .get("/containers/{id}/stats", this::stats)
        .post("/containers/{id}/attach", this::attach)
        .get("/containers/{id}/attach/ws", this::attachWebSocket)
        .post("/containers/{id}/wait", this::await);
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
}
