/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.EngineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.junit.jupiter.api.Assumptions;

/** Directories for an engine of a test; short, as sockets lie in them. */
record TestPlace(Path directory) implements AutoCloseable {
  static TestPlace make() throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "needs root: networks and cgroups");
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/bin/busybox"))
            || Files.isExecutable(Path.of("/usr/bin/busybox")),
        "needs the package busybox-static");
    return new TestPlace(Files.createTempDirectory("cs"));
  }

  EngineOptions options() {
    return EngineOptions.at(directory.resolve("root"), directory.resolve("run"));
  }

  @Override
  public void close() throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
