/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The one JSON mapper of the dialects, bounded, and short ways to build trees. */
public final class Json {
  private static final int TOKENS = 200_000;

  /**
   * Depth 100, names and strings bounded by the body limit, and so few tokens that a body of
   * nothing but brackets takes a few MiB of trees.
   */
  public static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(100)
                          .maxStringLength(Exchange.BODY_LIMIT)
                          .maxTokenCount(TOKENS)
                          .build())
                  .build())
          .build();

  private Json() {}

  /** One document and a line feed. */
  public static byte[] line(JsonNode node) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    MAPPER.writeValue(out, node);
    out.write('\n');
    return out.toByteArray();
  }

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  public static JsonNode text(String value) {
    return JsonNodeFactory.instance.stringNode(value);
  }

  public static ArrayNode strings(Collection<String> values) {
    ArrayNode array = array();
    values.forEach(array::add);
    return array;
  }

  /** Sorted by key, so that the same state gives the same bytes. */
  public static ObjectNode strings(Map<String, String> values) {
    ObjectNode object = object();
    new TreeMap<>(values).forEach(object::put);
    return object;
  }
}
