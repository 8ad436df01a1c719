/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

/** One path that differs from the image; numbered as Docker numbers them. */
public record FileChange(Kind kind, String path) {
  /** How. */
  public enum Kind {
    MODIFIED,
    ADDED,
    DELETED
  }
}
