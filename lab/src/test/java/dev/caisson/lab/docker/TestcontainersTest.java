/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** examples/testcontainers, a project as users of Testcontainers and docker-java have it. */
@Tag("integration")
@Timeout(value = 420, unit = TimeUnit.SECONDS)
class TestcontainersTest {
  private static final Path EXAMPLE = Path.of("../examples/testcontainers");

  @Test
  void theExampleProjectPasses(@TempDir Path folder) throws IOException {
    Shell.need("mvn", "needs Maven");
    Path project = copy(folder.resolve("project"));
    try (EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      Shell.Result result =
          Shell.of("mvn", "-B", "-q", "-f", project.resolve("pom.xml").toString(), "test")
              .variable("DOCKER_HOST", engine.address())
              .variable("TESTCONTAINERS_RYUK_DISABLED", "true") // its image is not at hand
              .variable("JAVA_HOME", System.getProperty("java.home"))
              .within(360)
              .run();
      Assumptions.assumeFalse(
          result.all().contains("Could not resolve"), "needs a Maven repository: " + result.all());
      assertThat(result.code()).as(result.all()).isZero();
      assertThat(project.resolve("target/surefire-reports")).isDirectoryContaining("glob:**.xml");
      ClientCoverage.check(
          engine.requests(), "testcontainers", agent -> agent.startsWith("tc-java/"));
      ClientCoverage.check(
          engine.requests(), "docker-java", agent -> agent.startsWith("Apache-HttpClient/"));
    }
  }

  private static Path copy(Path target) throws IOException {
    try (var files = Files.walk(EXAMPLE)) {
      for (Path file : files.filter(each -> !each.startsWith(EXAMPLE.resolve("target"))).toList()) {
        Path copy = target.resolve(EXAMPLE.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
    return target;
  }
}
