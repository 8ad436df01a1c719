/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.volume;

import java.util.Set;

/** Tells which volumes containers name. */
@FunctionalInterface
public interface VolumeUsers {
  /** How many containers name the volume. */
  Set<String> containersOf(String volume);
}
