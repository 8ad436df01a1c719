/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;

class EngineWorkInProcessTest extends EngineWorkContract {
  @Override
  Engine reached(Engine opened, EngineOptions options) {
    return opened;
  }

  @Override
  void left(Engine caller) {
    // It is the engine itself.
  }
}
