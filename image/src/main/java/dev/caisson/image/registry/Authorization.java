/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.JsonFields;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The {@code Authorization} header for one registry: found out from its challenge, then remembered
 * by scope. Distribution token authentication specification; RFC 6750
 */
final class Authorization {
  private static final int MAX_ANSWER = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String CLIENT = "caisson";

  private final Endpoint endpoint;
  private final Transport transport;
  private final CredentialSource source;
  private final Map<String, String> headers = new ConcurrentHashMap<>();

  Authorization(Endpoint endpoint, Transport transport, CredentialSource source) {
    this.endpoint = endpoint;
    this.transport = transport;
    this.source = source;
  }

  Optional<String> header(String scope) {
    return Optional.ofNullable(headers.get(scope));
  }

  /**
   * Finds an answer to the challenges of a 401 response, once for all requests refused together.
   *
   * @param shown the header the refused request had
   * @throws ImageException UNAUTHORIZED when there is none, or when it was given already
   */
  synchronized void answer(HttpResponse<?> refusal, Optional<String> shown, String scope)
      throws IOException, InterruptedException {
    var current = header(scope);
    if (current.isPresent() && !current.equals(shown)) {
      return; // another request has found it meanwhile
    }
    var challenges = Challenge.parse(refusal.headers().allValues("WWW-Authenticate"));
    var bearer = Challenge.ofScheme(challenges, "bearer");
    var credentials = source.find(endpoint.registry());
    var header =
        credentials.isPresent() && credentials.get() instanceof Credentials.RegistryToken given
            ? "Bearer " + given.token()
            : bearer.isPresent()
                ? "Bearer " + token(bearer.get(), scope, credentials)
                : basic(challenges, credentials);
    if (shown.equals(Optional.of(header))) {
      throw unauthorized(
          "does not accept these credentials" + (scope.isEmpty() ? "" : " for " + scope));
    }
    headers.put(scope, header);
  }

  private String basic(List<Challenge> challenges, Optional<Credentials> credentials) {
    if (Challenge.ofScheme(challenges, "basic").isEmpty()) {
      throw unauthorized("refuses access without saying how to authenticate");
    }
    if (credentials.isPresent() && credentials.get() instanceof Credentials.Password password) {
      return password.basic();
    }
    throw unauthorized("wants a name and password");
  }

  private String token(Challenge challenge, String scope, Optional<Credentials> credentials)
      throws IOException, InterruptedException {
    var realm = realm(challenge);
    var service = challenge.parameter("service").orElse("");
    // What the challenge names may be more than asked for, as the source of a mount.
    var scopes = challenge.parameter("scope").filter(s -> !s.isBlank()).orElse(scope);
    if (credentials.isPresent() && !endpoint.trustsWithCredentials(realm)) {
      throw unauthorized(
          "sends us with our credentials to " + realm.getHost() + ", which is another domain");
    }
    var request =
        credentials.isPresent() && credentials.get() instanceof Credentials.IdentityToken identity
            ? exchange(realm, service, scopes, identity)
            : ask(realm, service, scopes, credentials);
    var response =
        transport
            .client(endpoint.registry())
            .send(request.timeout(TIMEOUT).build(), BodyHandlers.ofInputStream());
    try (var body = response.body()) {
      if (response.statusCode() == 401 || response.statusCode() == 403) {
        throw unauthorized("does not accept these credentials");
      }
      if (response.statusCode() != 200) {
        throw new IOException("token server answered " + response.statusCode());
      }
      var fields = JsonFields.parse(body.readNBytes(MAX_ANSWER), "token answer");
      return plain(
          fields
              .optionalText("token")
              .or(() -> fields.optionalText("access_token"))
              .orElseThrow(() -> unauthorized("gave no token")));
    }
  }

  private String plain(String token) {
    if (!token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw unauthorized("gave a malformed token");
    }
    return token;
  }

  private URI realm(Challenge challenge) {
    var text = challenge.parameter("realm").orElse("");
    try {
      return endpoint.requireAllowed(URI.create(text));
    } catch (IllegalArgumentException e) {
      throw unauthorized("names a malformed token server");
    }
  }

  private static HttpRequest.Builder ask(
      URI realm, String service, String scopes, Optional<Credentials> credentials) {
    var query = new StringBuilder("service=").append(encoded(service));
    for (var scope : scopes.strip().split(" +")) {
      query.append("&scope=").append(encoded(scope));
    }
    var separator = realm.getRawQuery() == null ? "?" : "&";
    var request = HttpRequest.newBuilder(URI.create(realm + separator + query));
    if (credentials.isPresent() && credentials.get() instanceof Credentials.Password password) {
      request.header("Authorization", password.basic());
    }
    return request;
  }

  private static HttpRequest.Builder exchange(
      URI realm, String service, String scopes, Credentials.IdentityToken identity) {
    var form =
        "grant_type=refresh_token&client_id=%s&service=%s&scope=%s&refresh_token=%s"
            .formatted(CLIENT, encoded(service), encoded(scopes), encoded(identity.token()));
    return HttpRequest.newBuilder(realm)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private ImageException unauthorized(String reason) {
    return new ImageException(
        Kind.UNAUTHORIZED,
        "registry %s %s%n  try: caisson login %s"
            .formatted(endpoint.registry(), reason, endpoint.registry()));
  }
}
