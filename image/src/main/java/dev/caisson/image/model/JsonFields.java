/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One JSON object from outside, read field by field with every type checked.
 *
 * <p>Depth and length are bounded while parsing; a field that is missing, of another type, or
 * repeated is refused with its path. {@code null} counts as absent, as Go writes it.
 */
public final class JsonFields {
  /** No image document nests deeper; far below what would endanger the stack. */
  public static final int MAX_DEPTH = 100;

  /** Documents longer than this are no manifests. In bytes; the limit registries use. */
  public static final int MAX_DOCUMENT = 4 << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxDocumentLength(MAX_DOCUMENT)
                          .maxStringLength(MAX_DOCUMENT)
                          .maxNameLength(64 << 10)
                          .maxNumberLength(64)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final JsonNode node;
  private final String path;

  private JsonFields(JsonNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /**
   * Parses {@code json}, which must be one object of at most {@link #MAX_DOCUMENT} bytes.
   *
   * @param subject what it is, for messages
   * @throws ImageException INVALID or TOO_LARGE
   */
  public static JsonFields parse(byte[] json, String subject) {
    return new JsonFields(object(tree(json, subject), subject), subject);
  }

  /** As {@link #parse}, for a document that is an array of objects. */
  public static List<JsonFields> parseList(byte[] json, String subject) {
    return list(tree(json, subject), subject);
  }

  private static JsonNode tree(byte[] json, String subject) {
    if (json.length > MAX_DOCUMENT) {
      throw new ImageException(
          Kind.TOO_LARGE, subject + " has " + json.length + " bytes; the limit is " + MAX_DOCUMENT);
    }
    try {
      return MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw new ImageException(
          Kind.INVALID, subject + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static JsonNode object(JsonNode node, String path) {
    if (!node.isObject()) {
      throw new ImageException(Kind.INVALID, path + " is not a JSON object");
    }
    return node;
  }

  private static List<JsonFields> list(JsonNode node, String path) {
    if (!node.isArray()) {
      throw new ImageException(Kind.INVALID, path + " is not a JSON array");
    }
    var items = new ArrayList<JsonFields>(node.size());
    for (var item : node) {
      var itemPath = path + "[" + items.size() + "]";
      items.add(new JsonFields(object(item, itemPath), itemPath));
    }
    return items;
  }

  /** An empty object to be filled and written with {@link #write}. */
  public static ObjectNode newObject() {
    return MAPPER.createObjectNode();
  }

  public static ArrayNode newArray() {
    return MAPPER.createArrayNode();
  }

  /** A tree as UTF-8, without white space. */
  public static byte[] write(JsonNode tree) {
    return MAPPER.writeValueAsBytes(tree);
  }

  /** All of it, to be changed and written again. */
  public ObjectNode copy() {
    return ((ObjectNode) node).deepCopy();
  }

  /**
   * A string that must be there.
   *
   * @throws ImageException INVALID if it is absent or no string
   */
  public String text(String name) {
    return optionalText(name).orElseThrow(() -> invalid(name, "is missing"));
  }

  /**
   * A string; empty when absent.
   *
   * @throws ImageException INVALID if it is no string
   */
  public Optional<String> optionalText(String name) {
    return field(name)
        .map(value -> {
          if (!value.isString()) {
            throw invalid(name, "is not a string");
          }
          return value.stringValue();
        });
  }

  /**
   * A digest that must be there.
   *
   * @throws ImageException INVALID if it is absent, or of no known form
   */
  public Digest digest(String name) {
    return Digest.parse(text(name));
  }

  /** A whole number of 0 or more. */
  public long count(String name) {
    var value = field(name).orElseThrow(() -> invalid(name, "is missing"));
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw invalid(name, "is not a whole number of 0 or more");
    }
    return value.longValue();
  }

  /** As {@link #count}; empty when absent. */
  public Optional<Long> optionalCount(String name) {
    return field(name).map(_ -> count(name));
  }

  /** A boolean; false when absent. */
  public boolean flag(String name) {
    return field(name)
        .map(value -> {
          if (!value.isBoolean()) {
            throw invalid(name, "is not true or false");
          }
          return value.booleanValue();
        })
        .orElse(false);
  }

  /** A time of RFC 3339. */
  public Optional<Instant> time(String name) {
    return optionalText(name).filter(text -> !text.isEmpty()).map(text -> instant(name, text));
  }

  private Instant instant(String name, String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      throw new ImageException(
          Kind.INVALID, path + "." + name + " is no RFC 3339 time: " + text, e);
    }
  }

  /** An object; empty when absent. */
  public Optional<JsonFields> fields(String name) {
    var inner = path + "." + name;
    return field(name).map(value -> new JsonFields(object(value, inner), inner));
  }

  /** The objects of an array; empty when absent. */
  public List<JsonFields> list(String name) {
    return field(name).map(value -> list(value, path + "." + name)).orElse(List.of());
  }

  public boolean has(String name) {
    return field(name).isPresent();
  }

  /** The strings of an array; empty when absent. */
  public List<String> texts(String name) {
    return optionalTexts(name).orElse(List.of());
  }

  /** The strings of an array. */
  public Optional<List<String>> optionalTexts(String name) {
    return field(name).map(value -> strings(name, value));
  }

  private List<String> strings(String name, JsonNode value) {
    if (!value.isArray()) {
      throw invalid(name, "is not an array");
    }
    var texts = new ArrayList<String>(value.size());
    for (var item : value) {
      if (!item.isString()) {
        throw invalid(name, "holds something other than strings");
      }
      texts.add(item.stringValue());
    }
    return texts;
  }

  /** The string values of an object, in their order; empty when absent. */
  public Map<String, String> textMap(String name) {
    var texts = new LinkedHashMap<String, String>();
    fields(name).ifPresent(inner -> inner.names().forEach(key -> texts.put(key, inner.text(key))));
    return texts;
  }

  /** The field names of this object, in their order. */
  public Stream<String> names() {
    return node.propertyNames().stream();
  }

  private Optional<JsonNode> field(String name) {
    var value = node.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  private ImageException invalid(String name, String complaint) {
    return new ImageException(Kind.INVALID, path + "." + name + " " + complaint);
  }
}
