/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Push, pull, distribution and login against the distribution's registry on loopback. */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RegistryTest {
  @Test
  void imagesGoToARegistryAndComeBack(@TempDir Path folder) throws IOException {
    Shell.need("docker-registry", "needs the package docker-registry");
    Shell.need("docker", "needs the docker command line");
    try (LoopbackRegistry registry = LoopbackRegistry.start(folder);
        EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      Shell docker = Shell.of("docker", "-H", engine.address());
      int port = registry.port();
      String name = registry.name("lab/busybox:1");
      docker.with("tag", "busybox", name).ok();
      assertThat(docker.with("push", name).ok()).contains("digest: sha256:");
      docker.with("rmi", name).ok();
      assertThat(docker.with("pull", name).ok()).contains("Digest: sha256:");
      assertThat(docker.with("run", "--rm", name, "echo", "back").ok()).isEqualTo("back\n");
      assertThat(
              Shell.of("curl", "-s", "--unix-socket", engine.socket().toString())
                  .with("http://d/distribution/" + name + "/json")
                  .ok())
          .contains("\"digest\":\"sha256:")
          .contains("linux");
      assertThat(
              Shell.of("curl", "-s", "--unix-socket", engine.socket().toString())
                  .with("-H", "Content-Type: application/json", "-d")
                  .with("{\"username\":\"\",\"serveraddress\":\"127.0.0.1:" + port + "\"}")
                  .with("http://d/auth")
                  .ok())
          .contains("Login Succeeded");
      ClientCoverage.check(
          engine.requests(), "curl with a registry", agent -> agent.startsWith("curl/"));
      assertThat(docker.with("search", "127.0.0.1:" + port + "/busy", "--format", "{{.Name}}").ok())
          .isEqualTo("lab/busybox\n");
      assertThat(docker.with("pull", "127.0.0.1:" + port + "/lab/nosuch").run().err())
          .contains("manifest latest");
      ClientCoverage.check(
          engine.requests(), "docker with a registry", agent -> agent.startsWith("Docker-Client/"));
    }
  }
}
