/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.server.http.HttpException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Typed access to one JSON object of a request. A member that is absent or null is empty; one of
 * the wrong type is refused with its path.
 */
record Body(String path, JsonNode node) {
  static Body of(JsonNode node) {
    if (!node.isObject()) {
      throw HttpException.badRequest("the body must be a JSON object");
    }
    return new Body("", node);
  }

  private String name(String member) {
    return path.isEmpty() ? member : path + "." + member;
  }

  private HttpException wrong(String member, String wanted) {
    return HttpException.badRequest("invalid JSON: " + name(member) + " must be " + wanted);
  }

  private JsonNode member(String name) {
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? MissingNode.getInstance() : value;
  }

  boolean has(String name) {
    return !member(name).isMissingNode();
  }

  /** An object; an absent one reads as empty. */
  Body object(String name) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return new Body(name(name), dev.caisson.server.http.Json.object());
    }
    if (!value.isObject()) {
      throw wrong(name, "an object");
    }
    return new Body(name(name), value);
  }

  Optional<String> text(String name) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (!value.isString()) {
      throw wrong(name, "a string");
    }
    return Optional.of(value.stringValue()).filter(text -> !text.isEmpty());
  }

  String text(String name, String otherwise) {
    return text(name).orElse(otherwise);
  }

  Optional<Boolean> optionalFlag(String name) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw wrong(name, "true or false");
    }
    return Optional.of(value.booleanValue());
  }

  boolean flag(String name) {
    return optionalFlag(name).orElse(false);
  }

  OptionalLong number(String name) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return OptionalLong.empty();
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(name, "a whole number");
    }
    return OptionalLong.of(value.longValue());
  }

  /** Docker says "unset" with 0 in most places. */
  OptionalLong numberUnlessZero(String name) {
    OptionalLong value = number(name);
    return value.isPresent() && value.getAsLong() == 0 ? OptionalLong.empty() : value;
  }

  OptionalInt integer(String name) {
    OptionalLong value = number(name);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    if (value.getAsLong() != (int) value.getAsLong()) {
      throw wrong(name, "a 32-bit number");
    }
    return OptionalInt.of((int) value.getAsLong());
  }

  /** Nanoseconds, 0 and absence alike for "not said". */
  Optional<Duration> nanoseconds(String name) {
    OptionalLong value = numberUnlessZero(name);
    return value.isEmpty() ? Optional.empty() : Optional.of(Duration.ofNanos(value.getAsLong()));
  }

  /** An array of strings; Docker's old clients send one string instead. */
  Optional<List<String>> optionalStrings(String name) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (value.isString()) {
      return Optional.of(List.of(value.stringValue()));
    }
    if (!value.isArray() || value.valueStream().anyMatch(each -> !each.isString())) {
      throw wrong(name, "an array of strings");
    }
    return Optional.of(value.valueStream().map(JsonNode::stringValue).toList());
  }

  List<String> strings(String name) {
    return optionalStrings(name).orElse(List.of());
  }

  Map<String, String> stringMap(String name) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : object(name).node.properties()) {
      if (!each.getValue().isString() && !each.getValue().isNull()) {
        throw wrong(name, "an object of strings");
      }
      values.put(each.getKey(), each.getValue().isNull() ? "" : each.getValue().stringValue());
    }
    return values;
  }

  /** The names of a set that Go writes as an object of empty objects. */
  List<String> keys(String name) {
    return List.copyOf(object(name).node.propertyNames());
  }

  /** The elements of an array of objects. */
  <T> List<T> objects(String name, Function<Body, T> read) {
    JsonNode value = member(name);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (!value.isArray()) {
      throw wrong(name, "an array");
    }
    List<T> found = new ArrayList<>();
    int index = 0;
    for (JsonNode each : value) {
      if (!each.isObject()) {
        throw wrong(name, "an array of objects");
      }
      found.add(read.apply(new Body(name(name) + "[" + index++ + "]", each)));
    }
    return List.copyOf(found);
  }

  /** The members of an object of objects. */
  <T> Map<String, T> objectMap(String name, Function<Body, T> read) {
    Map<String, T> found = new LinkedHashMap<>();
    Body outer = object(name);
    for (String key : outer.node.propertyNames()) {
      found.put(key, read.apply(outer.object(key)));
    }
    return found;
  }
}
