/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Short forms of the labs that break engines. */
@Tag("integration")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class EngineLabTest {
  private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

  /** A lab's way to say that the host lacks a part it needs. */
  private static final int LACKING = 77;

  @TempDir private Path folder;

  @BeforeEach
  void requireParts() {
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root: networks and cgroups");
    assumeTrue(
        Files.isDirectory(PROJECT.resolve("cli/target/modules")),
        "needs the packaged modules: mvn verify makes them before this");
    for (var program : List.of("docker-registry", "musl-gcc", "python3", "nft", "curl")) {
      assumeTrue(
          List.of(System.getenv("PATH").split(":")).stream()
              .anyMatch(directory -> Files.isExecutable(Path.of(directory, program))),
          "needs " + program);
    }
  }

  private void passes(String lab, String... arguments) throws Exception {
    var words = new java.util.ArrayList<>(List.of(PROJECT.resolve("lab/" + lab).toString()));
    words.addAll(List.of(arguments));
    var output = folder.resolve("output");
    var builder =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("CRASH_STOPPED", "5");
    int code = builder.start().waitFor();
    assumeTrue(code != LACKING, Files.readString(output));
    assertThat(code).as(Files.readString(output)).isZero();
  }

  @Test
  void anEngineKilledAtRandomPointsComesBackWithEverything() throws Exception {
    passes("engine-crash", "10");
  }

  /** A part of them; the whole is {@code ./dev lab semantics}. */
  @Test
  void filtersAnswerAsThoseOfDockersOwnDaemon() throws Exception {
    passes("semantics", "filters");
  }

  @Test
  void anEngineThatRunsOutOfThingsStays() throws Exception {
    passes("engine-faults");
  }
}
