/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

/** Puts an engine together. */
final class EngineOpener {
  private EngineOpener() {}

  static Engine open(EngineOptions options) {
    throw EngineException.unsupported("no isolation is installed at " + options.root(), "");
  }
}
