/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.remote.EngineDoor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SocketEngineTest extends EngineContract {
  private EngineDoor door;
  private Path socket;

  @Override
  Engine reached(Engine opened, EngineOptions options) {
    socket = options.run().resolve("engine.sock");
    door = new EngineDoor();
    door.start(opened, Map.of("socket", socket.toString()));
    return Engine.connect(options);
  }

  @Override
  void left(Engine caller) {
    caller.close();
    door.close();
  }

  @Test
  void theSocketIsForOwnerAndGroupOnly() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-rw----");
  }

  @Test
  void whereNoneListensIsSaidWithTheRemedy() {
    door.close();
    var nowhere = EngineOptions.at(directory.resolve("root"), directory.resolve("nowhere"));
    assertThatThrownBy(() -> Engine.connect(nowhere))
        .isInstanceOfSatisfying(
            EngineException.class,
            refused -> {
              assertThat(refused.kind()).isEqualTo(EngineException.Kind.UNAVAILABLE);
              assertThat(refused.getMessage()).contains("nowhere/engine.sock");
              assertThat(refused.remedy()).contains("caisson engine");
            });
  }
}
