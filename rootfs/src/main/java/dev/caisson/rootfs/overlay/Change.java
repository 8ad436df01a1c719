/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

/**
 * One path that an instance changed.
 *
 * @param path absolute inside the instance
 */
public record Change(Kind kind, String path) {
  /** What happened; in the order of the Docker API's numbers 0, 1, 2. */
  public enum Kind {
    MODIFIED,
    ADDED,
    DELETED
  }
}
