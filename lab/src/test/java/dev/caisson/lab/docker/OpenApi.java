/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;

/**
 * spec/openapi.yaml, and what of an exchange it does not describe. Knows the part of JSON Schema
 * that the description uses: type, const, enum, required, properties, additionalProperties, items,
 * pattern, the least and most of numbers, strings and arrays, and references.
 */
final class OpenApi {
  private static final Path FILE = Path.of("../spec/openapi.yaml");
  private static final Set<String> METHODS = Set.of("get", "head", "post", "put", "delete");

  private final Map<String, Object> document;

  private OpenApi(Map<String, Object> document) {
    this.document = document;
  }

  static OpenApi load() throws IOException {
    Object loaded = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(FILE));
    return new OpenApi(map(loaded));
  }

  @SuppressWarnings("unchecked") // keys of a YAML mapping are strings here
  private static Map<String, Object> map(Object value) {
    return value instanceof Map<?, ?> known ? (Map<String, Object>) known : Map.of();
  }

  /** {@code METHOD path} of everything described. */
  Set<String> operations() {
    Set<String> found = new LinkedHashSet<>();
    map(document.get("paths"))
        .forEach((path, item) ->
            map(item).keySet().stream()
                .filter(METHODS::contains)
                .forEach(method -> found.add(method.toUpperCase(Locale.ROOT) + " " + path)));
    return found;
  }

  /** What is wrong with one line of a request log; empty if nothing is. */
  List<String> problems(JsonNode line) {
    List<String> problems = new ArrayList<>();
    String route = line.path("route").asString("").replace("*}", "}");
    if (route.isEmpty()) {
      return problems; // answered before any route was found
    }
    String method = line.path("method").asString("").toLowerCase(Locale.ROOT);
    Map<String, Object> operation = map(map(map(document.get("paths")).get(route)).get(method));
    if (operation.isEmpty()) {
      return List.of("not described");
    }
    int status = line.path("status").asInt(0);
    JsonNode request = line.get("request");
    if (status < 400 && request != null) {
      Object schema = content(operation.get("requestBody"));
      if (schema != null) {
        validate(request, map(schema), "request", problems);
      }
    }
    Map<String, Object> responses = map(operation.get("responses"));
    Object response = responses.get(Integer.toString(status));
    if (response == null && status < 400) {
      return List.of("status " + status + " is not described");
    }
    Object answer = content(response == null ? responses.get("default") : response);
    if (answer != null && line.has("answer")) {
      validate(line.get("answer"), map(answer), "answer", problems);
    } else if (answer == null && line.has("answer")) {
      problems.add("a JSON answer is not described");
    }
    return problems;
  }

  /** The schema of an application/json body, or of each document of a streamed one; or null. */
  private Object content(Object part) {
    Map<String, Object> body = resolved(map(part));
    return body.containsKey("x-documents")
        ? body.get("x-documents")
        : map(map(body.get("content")).get("application/json")).get("schema");
  }

  private Map<String, Object> resolved(Map<String, Object> value) {
    if (!(value.get("$ref") instanceof String reference)) {
      return value;
    }
    Object found = document;
    for (String name : reference.substring(2).split("/")) {
      found = map(found).get(name);
    }
    if (found == null) {
      throw new IllegalStateException("dangling reference " + reference);
    }
    return resolved(map(found));
  }

  private void validate(
      JsonNode node, Map<String, Object> reference, String path, List<String> problems) {
    Map<String, Object> schema = resolved(reference);
    if (schema.get("type") != null && !hasType(node, schema.get("type"))) {
      problems.add(path + " is no " + schema.get("type") + ": " + excerpt(node));
      return;
    }
    if (schema.containsKey("const") && !String.valueOf(schema.get("const")).equals(text(node))) {
      problems.add(path + " is not " + schema.get("const") + ": " + excerpt(node));
    }
    if (schema.get("enum") instanceof List<?> values
        && values.stream().noneMatch(value -> String.valueOf(value).equals(text(node)))) {
      problems.add(path + " is none of " + values + ": " + excerpt(node));
    }
    if (node.isString()) {
      string(node.stringValue(), schema, path, problems);
    } else if (node.isNumber()) {
      number(node, schema, path, problems);
    } else if (node.isArray()) {
      array(node, schema, path, problems);
    } else if (node.isObject()) {
      object(node, schema, path, problems);
    }
  }

  private static boolean hasType(JsonNode node, Object wanted) {
    if (wanted instanceof List<?> several) {
      return several.stream().anyMatch(one -> hasType(node, one));
    }
    return switch (String.valueOf(wanted)) {
      case "object" -> node.isObject();
      case "array" -> node.isArray();
      case "string" -> node.isString();
      case "integer" -> node.isIntegralNumber();
      case "boolean" -> node.isBoolean();
      case "null" -> node.isNull();
      default -> throw new IllegalStateException("unknown type " + wanted);
    };
  }

  private static void string(
      String text, Map<String, Object> schema, String path, List<String> problems) {
    if (schema.get("pattern") instanceof String pattern
        && !text.matches("(?s).*" + open(pattern))) {
      problems.add(path + " does not match " + pattern + ": " + text);
    }
    if (schema.get("minLength") instanceof Integer least && text.length() < least) {
      problems.add(path + " is too short: '" + text + "'");
    }
  }

  /** A pattern of JSON Schema may match anywhere; Java's matches() wants the whole. */
  private static String open(String pattern) {
    String end = pattern.endsWith("$") ? pattern : pattern + ".*";
    return pattern.startsWith("^") ? "(?<![\\s\\S])" + end.substring(1) : end;
  }

  private static void number(
      JsonNode node, Map<String, Object> schema, String path, List<String> problems) {
    if (schema.get("minimum") instanceof Integer least && node.asLong() < least
        || schema.get("maximum") instanceof Integer most && node.asLong() > most) {
      problems.add(path + " is out of range: " + node);
    }
  }

  private void array(
      JsonNode node, Map<String, Object> schema, String path, List<String> problems) {
    if (schema.get("minItems") instanceof Integer least && node.size() < least) {
      problems.add(path + " has too few elements: " + excerpt(node));
    }
    if (schema.containsKey("items")) {
      for (int i = 0; i < node.size(); i++) {
        validate(node.get(i), map(schema.get("items")), path + "[" + i + "]", problems);
      }
    }
  }

  private void object(
      JsonNode node, Map<String, Object> schema, String path, List<String> problems) {
    if (schema.get("required") instanceof List<?> names) {
      names.stream()
          .filter(name -> !node.has(String.valueOf(name)))
          .forEach(name -> problems.add(path + " lacks " + name));
    }
    Map<String, Object> properties = map(schema.get("properties"));
    for (Map.Entry<String, JsonNode> member : node.properties()) {
      Object known = properties.get(member.getKey());
      Object other = schema.get("additionalProperties");
      if (known != null) {
        validate(member.getValue(), map(known), path + "." + member.getKey(), problems);
      } else if (other instanceof Map<?, ?>) {
        validate(member.getValue(), map(other), path + "." + member.getKey(), problems);
      } else if (Boolean.FALSE.equals(other)) {
        problems.add(path + " has an undescribed " + member.getKey());
      }
    }
  }

  private static String text(JsonNode node) {
    return node.isString() ? node.stringValue() : node.toString();
  }

  private static String excerpt(JsonNode node) {
    String text = node.toString();
    return text.length() < 100 ? text : text.substring(0, 100) + "…";
  }
}
