/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A route table behind version negotiation and one form of error. */
public final class Dialect {
  private static final Logger LOG = System.getLogger("dev.caisson.http");

  /** Bytes of a refused request's body that are read before it is answered. */
  private static final long DRAINED = 16L << 20;

  private final RouteTable routes;
  private final Versions versions;
  private final ErrorForm errors;
  private final RequestLog log;

  public Dialect(RouteTable routes, Versions versions, ErrorForm errors, RequestLog log) {
    this.log = log;
    this.routes = routes;
    this.versions = versions;
    this.errors = errors;
  }

  /** Turns whatever a handler threw into status and body. */
  @FunctionalInterface
  public interface ErrorForm {
    Failure of(Throwable thrown);
  }

  /**
   * The answer to a failed request.
   *
   * @param unexpected a mistake of ours, whose stack trace belongs in the log
   */
  public record Failure(int status, String message, boolean unexpected) {}

  /** Splits {@code /v1.43/containers/json} into version and path, or refuses the version. */
  @FunctionalInterface
  public interface Versions {
    Versioned split(String path);
  }

  /** A path without its version. */
  public record Versioned(ApiVersion version, String path) {}

  Handler handler() {
    return new Handler.Abstract() {
      @Override
      public boolean handle(Request request, Response response, Callback callback) {
        answer(request, response, callback);
        return true;
      }
    };
  }

  /** For what Jetty itself refuses: malformed requests, too large headers. */
  Request.Handler errors() {
    return (request, response, callback) -> {
      Throwable cause =
          (Throwable) request.getAttribute("org.eclipse.jetty.server.error_exception");
      int status = response.getStatus() >= 400 ? response.getStatus() : 400;
      String message =
          Optional.ofNullable(cause)
              .map(Throwable::getMessage)
              .or(() ->
                  Optional.ofNullable((String) request.getAttribute(ErrorHandler.ERROR_MESSAGE)))
              .orElse("the request cannot be read");
      response.setStatus(status);
      response.getHeaders().put("Content-Type", "application/json");
      byte[] body = Json.line(Json.object().put("message", message));
      response.write(true, java.nio.ByteBuffer.wrap(body), callback);
      return true;
    };
  }

  private void answer(Request request, Response response, Callback callback) {
    Progress progress =
        new Progress(
            System.nanoTime(),
            Optional.ofNullable(request.getHeaders().get("User-Agent")).orElse(""));
    try {
      handle(request, response, progress);
      callback.succeeded();
    } catch (EofException gone) {
      callback.failed(gone);
    } catch (Throwable thrown) {
      fail(request, response, callback, thrown, progress);
    } finally {
      log.write(entry(request, response, progress));
    }
  }

  private void handle(Request request, Response response, Progress progress) throws Exception {
    String method = request.getMethod();
    Versioned versioned = versions.split(path(request));
    progress.version = versioned.version();
    if (method.equals("OPTIONS")) { // as dockerd, whatever the path
      drain(request);
      response.setStatus(200);
      return;
    }
    RouteTable.Found found =
        routes
            .find(method, versioned.path())
            .orElseThrow(() -> new HttpException(404, "page not found"));
    progress.route = found.route().template();
    Exchange exchange =
        new Exchange(
            request,
            response,
            found.variables(),
            versioned.version(),
            log.wantsBodies()
                ? document -> log.write(entry(request, progress, document))
                : document -> {});
    progress.exchange = exchange;
    try {
      found.route().handler().handle(exchange);
    } finally {
      exchange.end();
    }
  }

  private static String path(Request request) {
    String decoded = request.getHttpURI().getDecodedPath();
    String path = decoded == null ? Request.getPathInContext(request) : decoded;
    return path.startsWith("//") ? path.substring(1) : path;
  }

  /** How far a request has come. */
  private static final class Progress {
    private final long start;
    private final String client;
    private ApiVersion version = new ApiVersion(0, 0);
    private String route = "";
    private @Nullable Exchange exchange;

    Progress(long start, String client) {
      this.start = start;
      this.client = client;
    }
  }

  private RequestLog.Entry entry(Request request, Response response, Progress progress) {
    Exchange exchange = log.wantsBodies() ? progress.exchange : null;
    return entry(
        request,
        progress,
        response.getStatus(),
        exchange == null ? null : exchange.asked(),
        exchange == null ? null : exchange.answered());
  }

  /** A document of a streamed answer has a line of its own, since streams may last for days. */
  private static RequestLog.Entry entry(Request request, Progress progress, JsonNode document) {
    return entry(request, progress, 200, null, document);
  }

  private static RequestLog.Entry entry(
      Request request,
      Progress progress,
      int status,
      @Nullable JsonNode asked,
      @Nullable JsonNode answered) {
    return new RequestLog.Entry(
        progress.client,
        request.getMethod(),
        path(request),
        progress.route,
        progress.version,
        status,
        (System.nanoTime() - progress.start) / 1_000,
        asked,
        answered);
  }

  private void fail(
      Request request, Response response, Callback callback, Throwable thrown, Progress progress) {
    if (clientLeft(thrown)) {
      callback.failed(thrown);
      return;
    }
    Failure failure = errors.of(thrown);
    tell(request, failure, thrown);
    if (response.isCommitted()) {
      callback.failed(thrown); // the client sees a broken stream, never a complete wrong answer
      return;
    }
    request.removeAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE);
    response.reset();
    try {
      drain(request);
      Exchange exchange =
          new Exchange(request, response, Map.of(), progress.version, document -> {});
      progress.exchange = exchange;
      if (failure.status() == 304 || request.getMethod().equals("HEAD")) {
        exchange.empty(failure.status());
      } else {
        exchange.json(failure.status(), Json.object().put("message", failure.message()));
      }
      callback.succeeded();
    } catch (IOException | RuntimeException e) {
      callback.failed(e);
    }
  }

  private static boolean clientLeft(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof EofException) {
        return true;
      }
    }
    return false;
  }

  /** Only what nobody foresaw brings its stack trace. */
  private static void tell(Request request, Failure failure, Throwable thrown) {
    String line =
        request.getMethod() + " " + request.getHttpURI().getPath() + ": " + failure.message();
    if (failure.status() >= 500 && failure.unexpected()) {
      LOG.log(Level.WARNING, line, thrown);
    } else if (failure.status() >= 500) {
      LOG.log(Level.INFO, line);
    }
  }

  /**
   * A client that is still sending would see its own write fail before it reads why; what is larger
   * than {@link #DRAINED} is not waited for.
   */
  private static void drain(Request request) {
    if (request.getHeaders().contains("Expect")) {
      return;
    }
    InputStream body = Content.Source.asInputStream(request); // closing it early is an error
    byte[] ignored = new byte[32 << 10];
    long left = DRAINED;
    try {
      for (int count = body.read(ignored); count >= 0 && left > 0; count = body.read(ignored)) {
        left -= count;
      }
    } catch (IOException broken) {
      // The body is malformed or over: the answer says so.
    }
  }
}
