/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.remote.EngineDoor;
import java.util.Map;

class EngineWorkOverSocketTest extends EngineWorkContract {
  private EngineDoor door;

  @Override
  Engine reached(Engine opened, EngineOptions options) {
    door = new EngineDoor();
    door.start(opened, Map.of("socket", options.run().resolve("engine.sock").toString()));
    return Engine.connect(options);
  }

  @Override
  void left(Engine caller) {
    caller.close();
    door.close();
  }
}
