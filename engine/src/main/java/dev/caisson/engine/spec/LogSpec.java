/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.Map;

/**
 * Where output is kept.
 *
 * @param driver {@code json-file}, {@code local} (both our own bounded file) or {@code none}; empty
 *     for the default
 * @param options {@code max-size} (10m) and {@code max-file} (3)
 */
public record LogSpec(String driver, Map<String, String> options) {
  public LogSpec {
    options = Map.copyOf(options);
  }

  public static LogSpec standard() {
    return new LogSpec("", Map.of());
  }
}
