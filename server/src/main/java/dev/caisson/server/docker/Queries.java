/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Filters;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Query parameters and headers that several routes share. */
final class Queries {
  private Queries() {}

  /** {@code filters={"label":["a"]}}, or the older form {@code {"label":{"a":true}}}. */
  static Filters filters(Exchange exchange) {
    Optional<String> text = exchange.query("filters");
    if (text.isEmpty()) {
      return Filters.none();
    }
    JsonNode json = parse(text.get(), "filters");
    if (!json.isObject()) {
      throw HttpException.badRequest(
          "invalid filter: the query parameter filters must be a JSON object");
    }
    Filters filters = Filters.none();
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      JsonNode values = entry.getValue();
      if (values.isArray()) {
        for (JsonNode value : values) {
          filters = filters.with(entry.getKey(), value.asString());
        }
      } else if (values.isObject()) {
        for (Map.Entry<String, JsonNode> value : values.properties()) {
          if (value.getValue().asBoolean(false)) {
            filters = filters.with(entry.getKey(), value.getKey());
          }
        }
      } else {
        throw HttpException.badRequest(
            "invalid filter '" + entry.getKey() + "': its values must be an array");
      }
    }
    return filters;
  }

  static int size(Exchange exchange, String name) {
    int value =
        exchange
            .number(name)
            .orElseThrow(
                () -> HttpException.badRequest("the query parameter " + name + " is missing"));
    if (value < 0 || value > 65_535) {
      throw HttpException.badRequest(
          "the query parameter " + name + " must be 0 to 65535, not " + value);
    }
    return value;
  }

  /** X-Registry-Auth: JSON in base64url. Absent or empty is the configured or anonymous login. */
  static RegistryAuth auth(Exchange exchange) {
    Optional<String> header = exchange.header("X-Registry-Auth").filter(text -> !text.isBlank());
    if (header.isEmpty()) {
      return RegistryAuth.anonymous();
    }
    try {
      byte[] json =
          Base64.getUrlDecoder().decode(header.get().strip().replace('+', '-').replace('/', '_'));
      return auth(Body.of(parse(new String(json, StandardCharsets.UTF_8), "X-Registry-Auth")));
    } catch (IllegalArgumentException malformed) {
      throw HttpException.badRequest("the header X-Registry-Auth is no base64url");
    }
  }

  static RegistryAuth auth(Body body) {
    return new RegistryAuth(
        body.text("serveraddress", ""),
        body.text("username", ""),
        body.text("password", ""),
        body.text("identitytoken", ""),
        body.text("registrytoken", ""));
  }

  /** {@code platform} as {@code linux/arm64}, or as the JSON object that newer clients send. */
  static Optional<String> platform(Exchange exchange) {
    return exchange
        .query("platform")
        .map(text -> {
          if (!text.startsWith("{")) {
            return text;
          }
          Body body = Body.of(parse(text, "platform"));
          String base = body.text("os", "linux") + "/" + body.text("architecture", "");
          return body.text("variant").map(variant -> base + "/" + variant).orElse(base);
        });
  }

  static JsonNode parse(String text, String name) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JacksonException malformed) {
      throw HttpException.badRequest("invalid " + name + ": " + malformed.getOriginalMessage());
    }
  }
}
