/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;

/** Tests that share one engine with the image busybox in it. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OnOneEngine {
  EngineProcess engine;

  @BeforeAll
  final void start() throws IOException {
    Shell.need("docker", "needs the docker command line");
    engine = EngineProcess.start();
    engine.importBusybox();
  }

  @AfterAll
  final void stop() throws IOException {
    if (engine != null) {
      try (EngineProcess over = engine) {
        checkRequests(over);
      }
    }
  }

  /** Looks at what the clients asked for, once everything has been done. */
  void checkRequests(EngineProcess over) throws IOException {}
}
