/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.LinkedHashMap;
import java.util.Map;

/** Fields in order, as they are printed. */
public final class Document {
  /** Docker's word for "never". */
  static final String NEVER = "0001-01-01T00:00:00Z";

  private final Map<String, Object> fields = new LinkedHashMap<>();

  public Document with(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  public Map<String, Object> map() {
    return fields;
  }
}
