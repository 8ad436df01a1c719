/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A front end that has to start an engine gives it a large share of the processors, for it is
 * waited for. An engine that is up takes its part like everybody else.
 */
final class HurriedStart {
  /** Set by caisson.c where it could give one. */
  private static final String TOLD = "CAISSON_HURRIED";

  private static final Path SHARE = Path.of("/proc/self/autogroup"); // sched(7)

  private HurriedStart() {}

  static void over() {
    if (System.getenv(TOLD) == null) {
      return;
    }
    try {
      Files.writeString(SHARE, "0");
    } catch (IOException e) {
      System.getLogger(HurriedStart.class.getName())
          .log(System.Logger.Level.WARNING, "the engine keeps a large share of the processors", e);
    }
  }
}
