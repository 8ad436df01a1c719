/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Fields in order, as they are printed. */
final class Document {
  /** Docker's word for "never". */
  static final String NEVER = "0001-01-01T00:00:00Z";

  private final Map<String, Object> fields = new LinkedHashMap<>();

  Document with(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  Document with(String name, Document value) {
    fields.put(name, value.fields);
    return this;
  }

  Document with(String name, OptionalLong value) {
    fields.put(name, value.orElse(0));
    return this;
  }

  Document with(String name, OptionalInt value) {
    fields.put(name, value.orElse(0));
    return this;
  }

  Document withTime(String name, Optional<Instant> value) {
    fields.put(name, value.map(Instant::toString).orElse(NEVER));
    return this;
  }

  Document withDocuments(String name, List<Document> values) {
    fields.put(name, values.stream().map(Document::map).toList());
    return this;
  }

  Map<String, Object> map() {
    return fields;
  }
}
