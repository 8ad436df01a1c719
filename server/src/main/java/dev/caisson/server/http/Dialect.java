/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** A route table behind version negotiation and one form of error. */
public final class Dialect {
  private static final Logger LOG = System.getLogger("dev.caisson.http");

  private final RouteTable routes;
  private final Versions versions;
  private final ErrorForm errors;

  public Dialect(RouteTable routes, Versions versions, ErrorForm errors) {
    this.routes = routes;
    this.versions = versions;
    this.errors = errors;
  }

  /** Turns whatever a handler threw into status and body. */
  @FunctionalInterface
  public interface ErrorForm {
    Failure of(Throwable thrown);
  }

  /** The answer to a failed request. */
  public record Failure(int status, String message) {}

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
              .orElse("the request cannot be read");
      response.setStatus(status);
      response.getHeaders().put("Content-Type", "application/json");
      byte[] body =
          (Json.object().put("message", message) + "\n")
              .getBytes(java.nio.charset.StandardCharsets.UTF_8);
      response.write(true, java.nio.ByteBuffer.wrap(body), callback);
      return true;
    };
  }

  private void answer(Request request, Response response, Callback callback) {
    long start = System.nanoTime();
    String method = request.getMethod();
    String path = Request.getPathInContext(request);
    try {
      Versioned versioned =
          versions.split(
              request.getHttpURI().getDecodedPath() == null
                  ? path
                  : request.getHttpURI().getDecodedPath());
      Optional<RouteTable.Found> found = routes.find(method, versioned.path());
      if (found.isEmpty()) {
        boolean otherMethod = routes.knowsPath(versioned.path());
        throw new HttpException(
            otherMethod ? 405 : 404,
            otherMethod ? method + " is not allowed here" : "page not found");
      }
      Exchange exchange =
          new Exchange(request, response, found.get().variables(), versioned.version());
      found.get().route().handler().handle(exchange);
      callback.succeeded();
    } catch (EofException gone) {
      callback.failed(gone);
    } catch (Throwable thrown) {
      fail(request, response, callback, thrown);
    } finally {
      LOG.log(
          Level.DEBUG,
          () ->
              method
                  + " "
                  + path
                  + " "
                  + response.getStatus()
                  + " "
                  + (System.nanoTime() - start) / 1_000
                  + " us");
    }
  }

  private void fail(Request request, Response response, Callback callback, Throwable thrown) {
    Failure failure = errors.of(thrown);
    if (failure.status() >= 500) {
      LOG.log(
          Level.WARNING,
          request.getMethod() + " " + request.getHttpURI().getPath() + ": " + failure.message(),
          thrown);
    }
    if (response.isCommitted()) {
      callback.failed(thrown); // the client sees a broken stream, never a complete wrong answer
      return;
    }
    request.removeAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE);
    response.reset();
    try {
      Exchange exchange = new Exchange(request, response, java.util.Map.of(), new ApiVersion(0, 0));
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
}
