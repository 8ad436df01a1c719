/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

/** A sandbox that can stand still, keeping its memory. */
public interface Pausable {
  /** Stops every process of it; returns when all stand still. */
  void pause();

  void resume();
}
