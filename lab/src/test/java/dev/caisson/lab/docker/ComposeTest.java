/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** examples/compose, by the distribution's docker-compose. */
@Tag("integration")
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ComposeTest {
  @Test
  void twoServicesFindEachOtherOnceOneIsHealthy() throws Exception {
    Shell.need("docker-compose", "needs the package docker-compose");
    try (EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      Shell compose =
          Shell.of("docker-compose", "-p", "labcompose", "-f", "../examples/compose/compose.yaml")
              .variable("DOCKER_HOST", engine.address());
      String all = compose.with("up", "--abort-on-container-exit").ok();
      assertThat(all).contains("client_1").contains("exited with code 0");
      compose.with("up", "-d").ok();
      assertThat(compose.with("ps").ok()).contains("labcompose_web_1").contains("Up (healthy)");
      assertThat(compose.with("logs", "client").ok()).contains("client_1");
      String name = compose.with("exec", "-T", "web", "hostname").ok().strip();
      assertThat(
              compose
                  .with("run", "--rm", "client", "wget", "-qO-", "http://web:8080/hostname")
                  .ok()
                  .strip())
          .isEqualTo(name);
      assertThat(compose.with("top", "web").ok()).contains("httpd");
      compose.with("up", "-d", "--scale", "web=2").ok();
      assertThat(compose.with("ps", "-q", "web").ok().lines().count()).isEqualTo(2);
      compose.with("restart", "-t", "0", "web").ok();
      compose.with("stop", "-t", "0").ok();
      compose.with("down", "-v", "-t", "0").ok();
      Shell docker = Shell.of("docker", "-H", engine.address());
      assertThat(docker.with("ps", "-aq").ok()).isEmpty();
      assertThat(docker.with("network", "ls", "-q", "--filter", "name=labcompose").ok()).isEmpty();
      ClientCoverage.check(
          engine.requests(), "compose", agent -> agent.startsWith("docker-compose/"));
    }
  }
}
