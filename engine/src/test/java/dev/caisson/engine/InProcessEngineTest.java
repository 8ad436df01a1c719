/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

class InProcessEngineTest extends EngineContract {
  @Override
  Engine reached(Engine opened, EngineOptions options) {
    return opened;
  }

  @Override
  void left(Engine caller) {
    // It is the engine itself.
  }
}
