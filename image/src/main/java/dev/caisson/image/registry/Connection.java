/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Requests to one repository of one registry: authorized, redirected within bounds, and tried again
 * while that makes sense. OCI distribution-spec 1.1
 */
final class Connection {
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_MESSAGE = 2048;
  private static final long FIRST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;
  // Until the response's head has come; its body is watched by a StallGuard.
  private static final Duration HEAD_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(10);

  private final Endpoint endpoint;
  private final Transport transport;
  private final RegistryOptions options;
  private final Authorization authorization;
  private final String repository;
  private final String scope;

  Connection(
      Endpoint endpoint,
      Transport transport,
      RegistryOptions options,
      CredentialSource credentials,
      String repository,
      String actions) {
    this.endpoint = endpoint;
    this.transport = transport;
    this.options = options;
    this.authorization = new Authorization(endpoint, transport, credentials);
    this.repository = repository;
    this.scope = repository.isEmpty() ? "" : "repository:" + repository + ":" + actions;
  }

  /** An address below this repository. */
  URI address(String rest) {
    return endpoint.resolve("/v2/" + repository + "/" + rest);
  }

  /** An address the server gave, relative or not. */
  URI given(String location) {
    try {
      return endpoint.requireAllowed(endpoint.base().resolve(location));
    } catch (IllegalArgumentException e) {
      throw new ImageException(
          Kind.INVALID, "registry " + endpoint.registry() + " gave a malformed address", e);
    }
  }

  /** One request; its body, if it has one, can be made anew for each attempt. */
  record Request(
      String method,
      URI address,
      Optional<String> accept,
      Optional<String> range,
      Optional<String> contentType,
      Supplier<BodyPublisher> body) {
    static Request get(URI address) {
      return of("GET", address);
    }

    static Request of(String method, URI address) {
      return new Request(
          method,
          address,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          HttpRequest.BodyPublishers::noBody);
    }

    Request accepting(String types) {
      return new Request(method, address, Optional.of(types), range, contentType, body);
    }

    Request from(long position) {
      return position == 0
          ? this
          : new Request(
              method, address, accept, Optional.of("bytes=" + position + "-"), contentType, body);
    }

    Request sending(String type, Supplier<BodyPublisher> content) {
      return new Request(method, address, accept, range, Optional.of(type), content);
    }

    Request sendingRange(long start, long end, Supplier<BodyPublisher> content) {
      return new Request(
          method,
          address,
          accept,
          Optional.of(start + "-" + (end - 1)),
          Optional.of("application/octet-stream"),
          content);
    }
  }

  /**
   * Sends until there is an answer that repeating would not change.
   *
   * @throws ImageException UNREACHABLE, UNAUTHORIZED, INVALID
   */
  HttpResponse<InputStream> send(Request request) {
    for (int attempt = 1; ; attempt++) {
      try {
        var response = authorized(request);
        if (!worthRepeating(response.statusCode()) || attempt == options.attempts()) {
          return response;
        }
        response.body().close();
        pause(attempt, response);
      } catch (IOException e) {
        if (attempt == options.attempts()) {
          throw unreachable(e);
        }
        pause(attempt);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  private HttpResponse<InputStream> authorized(Request request)
      throws IOException, InterruptedException {
    // Twice, because the first may only tell that a remembered token has expired.
    for (int refusals = 0; ; refusals++) {
      var shown = authorization.header(scope);
      var response = redirected(request);
      if (response.statusCode() != 401 || refusals == 2) {
        return response;
      }
      response.body().close();
      authorization.answer(response, shown, scope);
    }
  }

  private HttpResponse<InputStream> redirected(Request request)
      throws IOException, InterruptedException {
    var address = request.address();
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      var response =
          transport
              .client(endpoint.registry())
              .send(build(request, address), BodyHandlers.ofInputStream());
      var location = response.headers().firstValue("Location");
      if (!redirects(response.statusCode()) || location.isEmpty()) {
        return response;
      }
      response.body().close();
      address = target(address, location.get());
    }
    throw new ImageException(
        Kind.INVALID,
        "registry " + endpoint.registry() + " redirects more than " + MAX_REDIRECTS + " times");
  }

  private URI target(URI from, String location) {
    try {
      return endpoint.requireAllowed(from.resolve(location));
    } catch (IllegalArgumentException e) {
      throw new ImageException(
          Kind.INVALID, "registry " + endpoint.registry() + " redirects to no address", e);
    }
  }

  private HttpRequest build(Request request, URI address) {
    var builder =
        HttpRequest.newBuilder(address)
            .timeout(request.contentType().isPresent() ? UPLOAD_TIMEOUT : HEAD_TIMEOUT)
            .header("User-Agent", "caisson")
            .method(request.method(), request.body().get());
    request.accept().ifPresent(types -> builder.header("Accept", types));
    request.contentType().ifPresent(type -> builder.header("Content-Type", type));
    request
        .range()
        .ifPresent(range ->
            builder.header(request.contentType().isPresent() ? "Content-Range" : "Range", range));
    if (endpoint.sameServer(address)) { // credentials follow no change of host
      authorization.header(scope).ifPresent(header -> builder.header("Authorization", header));
    }
    return builder.build();
  }

  private static boolean redirects(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static boolean worthRepeating(int status) {
    return status == 429 || status == 408 || (status >= 500 && status != 501);
  }

  private static void pause(int attempt, HttpResponse<?> response) throws InterruptedException {
    long asked =
        response
            .headers()
            .firstValue("Retry-After")
            .filter(value -> value.matches("[0-9]{1,5}"))
            .map(value -> Long.parseLong(value) * 1000)
            .orElse(0L);
    Thread.sleep(Math.clamp(asked, backoff(attempt), LONGEST_PAUSE_MILLIS));
  }

  /** Waits longer after each attempt. */
  void pause(int attempt) {
    try {
      Thread.sleep(backoff(attempt));
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static long backoff(int attempt) {
    long base = Math.min(FIRST_PAUSE_MILLIS << Math.min(attempt, 10), LONGEST_PAUSE_MILLIS);
    return base / 2 + ThreadLocalRandom.current().nextLong(base / 2);
  }

  ImageException unreachable(IOException cause) {
    // The JDK says "refused" or "no such host" by the class alone.
    var reason =
        cause.getMessage() != null
            ? cause.getMessage()
            : cause instanceof ConnectException
                ? "no connection, refused or no such host"
                : cause.getClass().getSimpleName();
    return new ImageException(
        Kind.UNREACHABLE,
        "registry " + endpoint.registry() + " cannot be reached: " + reason,
        cause);
  }

  private static ImageException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new ImageException(Kind.UNREACHABLE, "the transfer was interrupted", cause);
  }

  /** What a refusal means, with what the server said of it; closes the response. */
  ImageException refused(String subject, HttpResponse<InputStream> response) {
    int status = response.statusCode();
    var kind =
        switch (status) {
          case 404 -> Kind.NOT_FOUND;
          case 401, 403 -> Kind.UNAUTHORIZED;
          case 405, 415, 501 -> Kind.UNSUPPORTED;
          default -> status >= 500 || status == 429 ? Kind.UNREACHABLE : Kind.INVALID;
        };
    return new ImageException(
        kind,
        subject + ": registry " + endpoint.registry() + " answered " + status + message(response));
  }

  private static String message(HttpResponse<InputStream> response) {
    try (var body = response.body()) {
      var text = new String(body.readNBytes(MAX_MESSAGE), StandardCharsets.UTF_8);
      var printable = text.replaceAll("\\p{Cntrl}+", " ").strip();
      return printable.isEmpty() ? "" : ": " + printable;
    } catch (IOException _) {
      return "";
    }
  }
}
