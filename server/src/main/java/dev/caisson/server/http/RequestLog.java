/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One JSON object a line for every request: {@code time, client, method, path, route, version,
 * status, microseconds}, and where bodies are wanted {@code request} and {@code answer}.
 *
 * <p>Nothing that could be a secret is written: no headers but the client's name, no query, and of
 * bodies neither passwords nor tokens.
 */
public final class RequestLog implements AutoCloseable {
  private static final Set<String> SECRETS =
      Set.of("password", "identitytoken", "registrytoken", "auth", "token");

  private final ReentrantLock lock = new ReentrantLock();
  private final @Nullable BufferedWriter out;
  private final boolean bodies;

  private RequestLog(@Nullable BufferedWriter out, boolean bodies) {
    this.out = out;
    this.bodies = bodies;
  }

  /** Writes nothing. */
  public static RequestLog none() {
    return new RequestLog(null, false);
  }

  /**
   * Appends to {@code file}, which only its owner may read.
   *
   * @param bodies also the JSON of requests and answers, to find out what a client does
   */
  public static RequestLog to(Path file, boolean bodies) {
    try {
      if (!Files.exists(file)) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
      return new RequestLog(
          Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND), bodies);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the request log " + file, e);
    }
  }

  boolean wantsBodies() {
    return bodies;
  }

  /** What was asked and answered. */
  record Entry(
      String client,
      String method,
      String path,
      String route,
      ApiVersion version,
      int status,
      long microseconds,
      @Nullable JsonNode request,
      @Nullable JsonNode answer) {}

  void write(Entry entry) {
    BufferedWriter writer = out;
    if (writer == null) {
      return;
    }
    ObjectNode line = Json.object().put("time", Instant.now().toString());
    line.put("client", entry.client()).put("method", entry.method()).put("path", entry.path());
    line.put("route", entry.route()).put("version", entry.version().toString());
    line.put("status", entry.status()).put("microseconds", entry.microseconds());
    if (bodies && entry.request() != null) {
      line.set("request", withoutSecrets(entry.request()));
    }
    if (bodies && entry.answer() != null) {
      line.set("answer", withoutSecrets(entry.answer()));
    }
    lock.lock();
    try {
      writer.write(line + "\n");
      writer.flush();
    } catch (IOException full) {
      // A full disk must not fail the request that is logged.
    } finally {
      lock.unlock();
    }
  }

  static JsonNode withoutSecrets(JsonNode node) {
    return switch (node) {
      case ObjectNode object -> {
        ObjectNode copy = Json.object();
        object
            .properties()
            .forEach(each ->
                copy.set(
                    each.getKey(),
                    SECRETS.contains(each.getKey().toLowerCase(Locale.ROOT))
                        ? Json.text("(secret)")
                        : withoutSecrets(each.getValue())));
        yield copy;
      }
      case ArrayNode array -> {
        ArrayNode copy = Json.array();
        array.forEach(each -> copy.add(withoutSecrets(each)));
        yield copy;
      }
      default -> node;
    };
  }

  @Override
  public void close() {
    try {
      if (out != null) {
        out.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
