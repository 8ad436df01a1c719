/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON files of bounded size and depth. */
final class Document {
  private static final long MAX_SIZE = 4 << 20;
  private static final int MAX_DEPTH = 100;

  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxDocumentLength(MAX_SIZE)
                          .maxNestingDepth(MAX_DEPTH)
                          .build())
                  .build())
          .build();

  private Document() {}

  static JsonNode read(Path file) {
    try {
      return MAPPER.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new OciException(file + " is no JSON of a sane size: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new OciException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  static List<String> texts(JsonNode array) {
    var texts = new ArrayList<String>();
    array.forEach(element -> texts.add(element.asString("")));
    return texts;
  }

  static String text(JsonNode object, String name) {
    return object.path(name).asString("");
  }
}
