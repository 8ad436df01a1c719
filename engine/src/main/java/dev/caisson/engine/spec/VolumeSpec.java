/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.Map;

/**
 * A volume to make.
 *
 * @param name empty for a random one; such a volume is anonymous
 * @param driver {@code local} or empty
 * @param options {@code type}, {@code device} and {@code o} as of mount(8)
 */
public record VolumeSpec(
    String name, String driver, Map<String, String> options, Map<String, String> labels) {
  public VolumeSpec {
    options = Map.copyOf(options);
    labels = Map.copyOf(labels);
  }

  public static VolumeSpec of(String name) {
    return new VolumeSpec(name, "local", Map.of(), Map.of());
  }
}
