/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.util.List;

/** A new container: its id of 64 hexadecimal digits, and what was accepted with a remark. */
public record Created(String id, List<String> warnings) {
  public Created {
    warnings = List.copyOf(warnings);
  }
}
