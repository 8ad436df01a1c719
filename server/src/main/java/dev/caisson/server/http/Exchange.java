/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** One request and its answer, in the words a handler needs. */
public final class Exchange {
  /** Bodies that are no archives are at most this many bytes. */
  public static final int BODY_LIMIT = 2 << 20;

  /** Bytes of a streamed answer that are sent together. */
  private static final int WRITE = 32 << 10;

  private final Request request;
  private final Response response;
  private final Map<String, String> variables;
  private final ApiVersion version;
  private final Fields query;
  private final Consumer<JsonNode> documents;
  private final JsonBody jsonBody = new JsonBody();
  private @Nullable JsonNode asked;
  private @Nullable JsonNode answered;
  private byte @Nullable [] rendered;

  /**
   * @param documents hears of what is sent piece by piece, for the request log
   */
  Exchange(
      Request request,
      Response response,
      Map<String, String> variables,
      ApiVersion version,
      Consumer<JsonNode> documents) {
    this.documents = documents;
    this.request = request;
    this.response = response;
    this.variables = variables;
    this.version = version;
    this.query = Request.extractQueryParameters(request, StandardCharsets.UTF_8);
  }

  /** The version the client asked for, or the newest. */
  public ApiVersion version() {
    return version;
  }

  /** A variable of the route's template. */
  public String path(String name) {
    String value = variables.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the route has no variable '" + name + "'");
    }
    return value;
  }

  /** A query parameter; empty when absent or empty. */
  public Optional<String> query(String name) {
    return Optional.ofNullable(query.getValue(name)).filter(value -> !value.isEmpty());
  }

  public String query(String name, String otherwise) {
    return query(name).orElse(otherwise);
  }

  /** All values of a repeated query parameter. */
  public List<String> queryAll(String name) {
    return query.getValuesOrEmpty(name);
  }

  /**
   * True for 1, true and the like, as Docker reads booleans: anything but empty, 0, no, false,
   * none.
   */
  public boolean flag(String name) {
    return flag(name, false);
  }

  public boolean flag(String name, boolean otherwise) {
    return query(name)
        .map(value ->
            !List.of("0", "no", "false", "none")
                .contains(value.strip().toLowerCase(java.util.Locale.ROOT)))
        .orElse(otherwise);
  }

  public Optional<Integer> number(String name) {
    return query(name)
        .map(value -> {
          try {
            return Integer.parseInt(value);
          } catch (NumberFormatException notANumber) {
            throw HttpException.badRequest(
                "query parameter " + name + " takes a whole number, not '" + value + "'");
          }
        });
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(request.getHeaders().get(name));
  }

  /** How the client calls itself; empty when it does not. */
  public String client() {
    return header("User-Agent").orElse("");
  }

  /** The body as JSON; an absent body is an empty object. */
  public JsonNode json() throws IOException {
    byte[] bytes = jsonBody.read(body());
    if (bytes.length == 0) {
      return Json.object();
    }
    String type = header("Content-Type").orElse("application/json");
    if (!type.startsWith("application/json")) {
      throw new HttpException(
          400, "unsupported Content-Type '" + type + "': must be application/json");
    }
    try {
      JsonNode node = Json.MAPPER.readTree(bytes);
      JsonNode value = node.isNull() || node.isMissingNode() ? Json.object() : node;
      asked = value;
      return value;
    } catch (JacksonException malformed) {
      throw HttpException.badRequest("invalid JSON: " + malformed.getOriginalMessage());
    }
  }

  /** The handler is done; streams that were handed over do not need the body. */
  void end() {
    jsonBody.close();
  }

  /** The JSON body that was read, for the request log. */
  @Nullable JsonNode asked() {
    return asked;
  }

  /** The JSON body that was sent, for the request log. */
  @Nullable JsonNode answered() {
    byte[] bytes = rendered;
    return bytes == null ? answered : Json.MAPPER.readTree(bytes);
  }

  /** A document of a streamed answer, for the request log. */
  public void sent(JsonNode document) {
    documents.accept(document);
  }

  /** The body as it comes, for archives. */
  public InputStream body() {
    return Content.Source.asInputStream(request);
  }

  /** Reads the body to its end, so that the answer cannot cross it. */
  public void drain() throws IOException {
    try (InputStream in = body()) {
      in.skip(BODY_LIMIT);
    }
  }

  public void setHeader(String name, String value) {
    response.getHeaders().put(name, value);
  }

  public void empty(int status) {
    response.setStatus(status);
  }

  public void json(JsonNode node) throws IOException {
    json(200, node);
  }

  public void json(int status, JsonNode node) throws IOException {
    answered = node;
    bytes(status, "application/json", Json.line(node));
  }

  /** Answers 200 with JSON that was written before. */
  public void rendered(byte[] json) throws IOException {
    rendered = json;
    bytes(200, "application/json", json);
  }

  public void text(int status, String type, String text) throws IOException {
    bytes(status, type, text.getBytes(StandardCharsets.UTF_8));
  }

  private void bytes(int status, String type, byte[] content) throws IOException {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, content.length);
    Content.Sink.write(response, true, ByteBuffer.wrap(content));
  }

  /** Begins an answer of unknown length; the headers go out with the first bytes. */
  public OutputStream stream(int status, String type) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    return new BufferedOutputStream(Content.Sink.asOutputStream(response), WRITE);
  }

  /**
   * Begins an answer whose bytes are pushed as they come: each write is sent at once. The first
   * write sends the headers.
   */
  public OutputStream flushing(int status, String type) {
    OutputStream out = stream(status, type);
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        out.write(value);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        out.flush();
      }

      @Override
      public void close() throws IOException {
        out.close();
      }
    };
  }

  /** True when the client asked to leave HTTP for a raw stream. */
  public boolean wantsUpgrade() {
    return header("Upgrade").isPresent();
  }

  /**
   * Answers 101 (or 200 to a client that did not ask) and leaves the socket to {@code session},
   * which runs on a virtual thread of its own; the connection closes when it returns.
   */
  public void takeOver(String type, Consumer<Takeover> session) throws IOException {
    drain();
    if (wantsUpgrade()) {
      response.setStatus(101);
      response.getHeaders().put(HttpHeader.CONNECTION, "Upgrade");
      response.getHeaders().put(HttpHeader.UPGRADE, "tcp");
    } else {
      response.setStatus(200);
      response
          .getHeaders()
          .put(HttpHeader.CONNECTION, "close"); // the end of the stream ends the body
    }
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    handOver(session);
  }

  /**
   * Answers 200 with a body that ends with the connection, its headers sent at once. The session
   * learns that the client went away from the end of {@link Takeover#input}, even while there is
   * nothing to send.
   */
  public void streamUntilClosed(String type, Consumer<Takeover> session) throws IOException {
    drain();
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    handOver(session);
  }

  /** Answers 101 for a protocol whose further headers are already set. */
  public void upgrade(String protocol, Consumer<Takeover> session) throws IOException {
    response.setStatus(101);
    response.getHeaders().put(HttpHeader.CONNECTION, "Upgrade");
    response.getHeaders().put(HttpHeader.UPGRADE, protocol);
    handOver(session);
  }

  /** Makes the connection that goes on once a 101 is sent. */
  @FunctionalInterface
  public interface Successor {
    Connection on(Connector connector, EndPoint endPoint);
  }

  /** Answers 101 and leaves the connection to one of another protocol. */
  public void upgrade(String protocol, Successor successor) throws IOException {
    drain();
    response.setStatus(101);
    response.getHeaders().put(HttpHeader.CONNECTION, "Upgrade");
    response.getHeaders().put(HttpHeader.UPGRADE, protocol);
    var metadata = request.getConnectionMetaData();
    Connector connector = metadata.getConnector();
    Connection next = successor.on(connector, metadata.getConnection().getEndPoint());
    // Who watches for heads of HTTP/1 has nothing to watch for any more.
    connector.getBeans(Connection.Listener.class).forEach(next::removeEventListener);
    request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, next);
    Content.Sink.write(response, false, BufferUtil.EMPTY_BUFFER);
  }

  private void handOver(Consumer<Takeover> session) throws IOException {
    EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
    request.setAttribute(
        HttpStream.UPGRADE_CONNECTION_ATTRIBUTE,
        new TakeoverConnection(endPoint, request.getComponents().getExecutor(), session));
    Content.Sink.write(response, false, BufferUtil.EMPTY_BUFFER);
  }
}
