/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.ProgressListener;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The stream of JSON objects that pull, push, load and build answer with. Its headers go out with
 * the first object, so that a failure before any progress is an ordinary error; a later one becomes
 * the stream's last object.
 */
final class Progress implements ProgressListener {
  /** What a progress bar of this many steps is redrawn for; transfers report far more often. */
  private static final long REDRAW_NANOSECONDS = 100_000_000;

  private final Exchange exchange;
  private @Nullable OutputStream out;
  private long lastTransfer;

  private Progress(Exchange exchange) {
    this.exchange = exchange;
  }

  /** Something that can take long and tells how far it is. */
  interface Work {
    void run(Progress progress) throws IOException;
  }

  static void report(Exchange exchange, Work work) throws IOException {
    Progress progress = new Progress(exchange);
    try {
      work.run(progress);
    } catch (EngineException | UncheckedIOException failed) {
      if (progress.out == null) {
        throw failed;
      }
      progress.fail(ErrorForms.message(failed));
    }
    progress.end();
  }

  @Override
  public synchronized void onProgress(Step step) {
    boolean transfer =
        step.current().isPresent() && step.current().getAsLong() != step.total().orElse(-1);
    long now = System.nanoTime();
    if (transfer && now - lastTransfer < REDRAW_NANOSECONDS) {
      return;
    }
    if (transfer) {
      lastTransfer = now;
    }
    ObjectNode json = Json.object().put("status", step.status());
    ObjectNode detail = json.putObject("progressDetail");
    step.current().ifPresent(current -> detail.put("current", current));
    step.total().ifPresent(total -> detail.put("total", total));
    if (!step.subject().isEmpty()) {
      json.put("id", step.subject());
    }
    send(json);
  }

  void status(String text) {
    send(Json.object().put("status", text));
  }

  /** Text of a build or a load, as it is. */
  void stream(String text) {
    send(Json.object().put("stream", text));
  }

  void aux(JsonNode value) {
    ObjectNode json = Json.object();
    json.set("aux", value);
    send(json);
  }

  /** As {@link #aux}, with the name of what it is. */
  void aux(String id, JsonNode value) {
    ObjectNode json = Json.object().put("id", id);
    json.set("aux", value);
    send(json);
  }

  /** Progress in another protocol's form. */
  void trace(String id, String message) {
    send(Json.object().put("id", id).put("aux", message));
  }

  /** The last object of a stream that failed after it began. */
  void fail(String message) {
    ObjectNode json = Json.object();
    json.putObject("errorDetail").put("message", message);
    send(json.put("error", message));
  }

  private synchronized void send(JsonNode json) {
    try {
      if (out == null) {
        out = exchange.flushing(200, "application/json");
      }
      exchange.sent(json);
      out.write(Streams.bytes(json));
    } catch (IOException gone) {
      throw new UncheckedIOException("the client went away", gone);
    }
  }

  private synchronized void end() throws IOException {
    if (out == null) {
      out = exchange.flushing(200, "application/json");
    }
    out.close();
  }
}
