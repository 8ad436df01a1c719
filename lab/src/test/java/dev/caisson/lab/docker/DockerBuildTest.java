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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** docker build, without and with what it knows of BuildKit. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DockerBuildTest {
  private static final String STAGES =
      """
      # syntax=docker/dockerfile:1
      ARG BASE=busybox
      FROM ${BASE} AS compile
      WORKDIR /src
      COPY . .
      ARG VERSION=none
      RUN echo "$VERSION $(cat main)" > /program
      FROM ${BASE} AS test
      COPY --from=compile /program /program
      RUN grep -q code /program
      FROM ${BASE}
      LABEL kind=service
      ENV MODE=production PATH=/app:$PATH
      COPY --from=compile --chown=65534:65534 --chmod=0444 /program /app/
      EXPOSE 8080
      USER 65534
      HEALTHCHECK --interval=10s CMD true
      CMD ["cat", "/app/program"]
      """;

  private Path context;
  private EngineProcess engine;

  @BeforeAll
  void start() throws IOException {
    Shell.need("docker", "needs the docker command line");
    engine = EngineProcess.start();
    engine.importBusybox();
    context = Files.createDirectory(engine.folder().resolve("context"));
    Files.writeString(context.resolve("main"), "code");
    Files.writeString(context.resolve("secret"), "canary");
    Files.writeString(context.resolve(".dockerignore"), "secret\nDockerfile\n");
    Files.writeString(context.resolve("Dockerfile"), STAGES);
  }

  @AfterAll
  void stop() throws IOException {
    if (engine != null) {
      engine.close();
    }
  }

  private Shell docker(String... words) {
    return Shell.of("docker", "-H", engine.address()).with(words);
  }

  private String built(String... options) {
    return docker("build", "-t", "made")
        .variable("DOCKER_BUILDKIT", "0")
        .with(options)
        .with(context.toString())
        .ok();
  }

  @Test
  void stagesBuildAndAreCached() throws IOException {
    assertThat(built("--build-arg", "VERSION=1.2", "--label", "by=test"))
        .contains("Successfully tagged made")
        .doesNotContain("grep -q code");
    assertThat(docker("run", "--rm", "made").ok()).isEqualTo("1.2 code\n");
    assertThat(
            docker("inspect", "-f", "{{.Config.User}} {{.Config.Labels}} {{len .RootFS.Layers}}")
                .with("made")
                .ok())
        .isEqualTo("65534 map[by:test kind:service] 2\n");
    var again = built("--build-arg", "VERSION=1.2", "--label", "by=test");
    assertThat(again).contains("Using cache").doesNotContain("Running in");
    Files.writeString(context.resolve("main"), "new code");
    assertThat(built("--build-arg", "VERSION=1.2")).contains("Running in");
    assertThat(docker("run", "--rm", "made").ok()).isEqualTo("1.2 new code\n");
    assertThat(built("--target", "test")).contains("grep -q code");
    assertThat(built("--no-cache")).doesNotContain("Using cache");
    assertThat(docker("run", "--rm", "made", "ls", "-l", "/app/program").ok())
        .startsWith("-r--r--r--");
    assertThat(docker("history", "made").ok()).contains("#(nop)").doesNotContain("canary");
    assertThat(docker("ps", "-aq").ok()).as("containers in between").isEmpty();
  }

  @Test
  void withoutBuildxTheClientFallsBackByItself() {
    var result = docker("build", "-t", "fallen", context.toString()).run();
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("Successfully tagged fallen");
  }

  /** Whoever comes to BuildKit's paths without its protocol is told so. */
  @Test
  void theProtocolOfBuildKitIsAskedFor() throws IOException {
    for (String path : new String[] {"/session", "/grpc"}) {
      String answer =
          engine.http(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      assertThat(answer).as(path).startsWith("HTTP/1.1 400").contains("Upgrade: h2c");
    }
    assertThat(docker("build", context.toString()).variable("DOCKER_BUILDKIT", "").run().code())
        .isZero();
  }

  @Test
  void aDockerfileAloneAndAFailureAreTold() {
    assertThat(
            docker("build", "-t", "alone", "-")
                .variable("DOCKER_BUILDKIT", "0")
                .input("FROM busybox\nRUN echo alone > /a\nCMD cat /a\n")
                .ok())
        .contains("Successfully tagged alone");
    assertThat(docker("run", "--rm", "alone").ok()).isEqualTo("alone\n");
    var failed =
        docker("build", "-")
            .variable("DOCKER_BUILDKIT", "0")
            .input("FROM busybox\nRUN exit 9\n")
            .run();
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("returned a non-zero code: 9");
  }
}
