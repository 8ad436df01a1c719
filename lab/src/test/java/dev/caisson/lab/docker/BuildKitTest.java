/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Builds as with BuildKit, by each client that speaks its protocol: the docker command line 20.10,
 * which has it built in, and buildx, which is looked for where Docker keeps plugins, or given as
 * {@code -Dbuildx=FILE}.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class BuildKitTest {
  private static final List<Path> PLUGINS =
      Stream.of(
              System.getProperty("user.home") + "/.docker/cli-plugins",
              "/usr/local/lib/docker/cli-plugins",
              "/usr/local/libexec/docker/cli-plugins",
              "/usr/lib/docker/cli-plugins",
              "/usr/libexec/docker/cli-plugins")
          .map(directory -> Path.of(directory, "docker-buildx"))
          .toList();

  private static final String STAGES =
      """
      # syntax=docker/dockerfile:1
      ARG BASE=busybox
      FROM ${BASE} AS compile
      WORKDIR /src
      COPY . .
      ARG VERSION=none
      RUN printf "%s on output\\n" said; printf "%s on error\\n" said >&2; echo "$VERSION $(cat main)" > /program
      FROM ${BASE} AS unused
      RUN false
      FROM ${BASE}
      ENV MODE=production
      COPY --from=compile --chown=65534:65534 --chmod=0444 /program /app/
      CMD ["cat", "/app/program"]
      """;

  private EngineProcess engine;
  private Path configuration;

  /** Who builds. */
  enum Client {
    BUILT_IN,
    BUILDX
  }

  @BeforeAll
  void start() throws IOException {
    engine = EngineProcess.start();
    engine.importBusybox();
    configuration = Files.createDirectories(engine.folder().resolve("configuration"));
  }

  @AfterAll
  void stop() throws IOException {
    if (engine == null) {
      return;
    }
    try (EngineProcess closing = engine) {
      ClientCoverage.check(
          closing.requests(), "docker 20.10", agent -> agent.contains("Docker-Client/20.10"));
    }
  }

  private Shell docker(Client client, String... words) throws IOException {
    Shell docker =
        client == Client.BUILT_IN
            ? Shell.of(builtIn(), "-H", engine.address())
            : Shell.of("docker", "-H", engine.address());
    if (client == Client.BUILDX) {
      pluggedIn();
    }
    return docker
        .variable("DOCKER_BUILDKIT", "1")
        .variable("BUILDKIT_PROGRESS", "plain")
        .variable("DOCKER_CONFIG", configuration.toString())
        .within(200)
        .with(words);
  }

  /** The distribution's docker of version 20.10 has BuildKit's client in it. */
  private static String builtIn() {
    String distribution = "/usr/bin/docker";
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of(distribution))
            && Shell.of(distribution, "--version").run().out().contains("version 20.10"),
        "needs the package docker.io of version 20.10");
    return distribution;
  }

  private void pluggedIn() throws IOException {
    Shell.need("docker", "needs the docker command line");
    Path given = Path.of(System.getProperty("buildx", ""));
    Path plugin =
        Stream.concat(Stream.of(given), PLUGINS.stream())
            .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(plugin != null, "needs the plugin buildx, or -Dbuildx=FILE");
    Path directory = Files.createDirectories(configuration.resolve("cli-plugins"));
    Path link = directory.resolve("docker-buildx");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, plugin);
  }

  private Path context(Client client, String name, String dockerfile) throws IOException {
    Path context = Files.createDirectories(engine.folder().resolve(client + name));
    Files.writeString(context.resolve("main"), "code");
    Files.writeString(context.resolve("secret"), "canary");
    Files.writeString(context.resolve(".dockerignore"), "secret\n# ünicode\n*.ö\n");
    Files.writeString(context.resolve("Dockerfile"), dockerfile);
    return context;
  }

  @ParameterizedTest
  @EnumSource
  void stagesBuildAndAreCached(Client client) throws IOException {
    Path context = context(client, "stages", STAGES);
    Shell build =
        docker(client, "build", "-t", "made", "--build-arg", "VERSION=" + client)
            .with("--label", "by=test", context.toString());
    var first = build.run();
    assertThat(first.code()).as(first.all()).isZero();
    assertThat(first.err())
        .contains("[internal] load build definition from Dockerfile")
        .contains("[internal] load build context")
        .contains("[compile 2/4] WORKDIR /src")
        .contains("[stage-2 2/2] COPY --from=compile")
        .contains("said on output")
        .contains("said on error")
        .contains("naming to made")
        .doesNotContain("RUN false");
    assertThat(docker(client, "run", "--rm", "made").ok()).isEqualTo(client + " code\n");
    assertThat(docker(client, "inspect", "-f", "{{.Config.Labels}}", "made").ok())
        .isEqualTo("map[by:test]\n");
    assertThat(docker(client, "run", "--rm", "made", "ls", "-l", "/app/program").ok())
        .startsWith("-r--r--r--");
    var again = build.run();
    assertThat(again.err()).contains("CACHED").doesNotContain("said on output");
    Files.writeString(context.resolve("main"), "new code");
    build.ok();
    assertThat(docker(client, "run", "--rm", "made").ok()).isEqualTo(client + " new code\n");
    assertThat(
            docker(client, "build", "--target", "compile", "-t", "part")
                .with(context.toString())
                .run()
                .code())
        .isZero();
    assertThat(docker(client, "run", "--rm", "part", "ls", "/src").ok())
        .contains("main")
        .doesNotContain("secret");
    assertThat(docker(client, "ps", "-aq").ok()).as("containers in between").isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aFailureIsToldWithItsStepAndCode(Client client) throws IOException {
    Path context = context(client, "fails", "FROM busybox\nRUN echo so far; exit 7\n");
    var failed = docker(client, "build", context.toString()).run();
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err())
        .contains("so far")
        .contains("[2/2] RUN echo so far; exit 7")
        .contains("did not complete successfully: exit code: 7");
    Path foreign = context(client, "foreign", "# syntax=someone/else:1\nFROM busybox\n");
    assertThat(docker(client, "build", foreign.toString()).run().err())
        .contains("front end of its own");
  }

  @ParameterizedTest
  @EnumSource
  void secretsComeFromTheClientAndStayOutOfTheImage(Client client) throws IOException {
    Path context =
        context(
            client,
            "secrets",
            "FROM busybox\nRUN --mount=type=secret,id=token sed s/e/3/g /run/secrets/token\n"
                + "RUN --mount=type=secret,id=other,required=true true\n");
    Path secret = Files.writeString(engine.folder().resolve("token"), "geheim");
    var built =
        docker(client, "build", "--no-cache", "--secret", "id=token,src=" + secret)
            .with(context.toString())
            .run();
    assertThat(built.code()).isEqualTo(1);
    assertThat(built.err()).contains("g3h3im").contains("no secret 'other' was given");
    assertThat(engine.requests()).content().doesNotContain("geheim");
  }

  @ParameterizedTest
  @EnumSource
  void filesOfTheResultComeBack(Client client) throws IOException {
    Path context =
        context(
            client,
            "files",
            "FROM busybox AS made\nRUN mkdir -p /o/sub; echo hi > /o/a; ln -s a /o/l;"
                + " echo deep > /o/sub/z; echo later > /o/sub-1\nFROM scratch\nCOPY --from=made /o /\n");
    Path out = engine.folder().resolve(client + "out");
    docker(client, "build", "-o", out.toString()).with(context.toString()).ok();
    assertThat(out.resolve("a")).hasContent("hi\n");
    assertThat(Files.readSymbolicLink(out.resolve("l"))).hasToString("a");
    assertThat(out.resolve("sub/z")).hasContent("deep\n");
    try (var all = Files.list(out)) {
      assertThat(all.map(path -> path.getFileName().toString()))
          .as("nothing but the image's own")
          .containsExactlyInAnyOrder("a", "l", "sub", "sub-1");
    }
    Path tar = engine.folder().resolve(client + "out.tar");
    docker(client, "build", "-o", "type=tar,dest=" + tar).with(context.toString()).ok();
    assertThat(Shell.of("tar", "tf", tar.toString()).ok().lines())
        .contains("a", "sub/z")
        .noneMatch(name -> name.startsWith("etc"));
  }

  @ParameterizedTest
  @EnumSource
  void aDockerfileAloneAndATarComeByInput(Client client) throws IOException {
    docker(client, "build", "-t", "alone", "-")
        .input("FROM busybox\nRUN echo alone > /a\nCMD cat /a\n")
        .ok();
    assertThat(docker(client, "run", "--rm", "alone").ok()).isEqualTo("alone\n");
    assertThat(docker(client, "build", "-q", "-").input("FROM busybox\nENV A=b\n").ok())
        .startsWith("sha256:");
  }

  @ParameterizedTest
  @EnumSource
  void whoLeavesEndsTheBuild(Client client) throws IOException {
    Path context = context(client, "left", "FROM busybox\nRUN echo begun; sleep 3000\n");
    Process build = docker(client, "build", "--no-cache", context.toString()).start();
    try {
      await(() -> !docker(client, "ps", "-q").ok().isEmpty(), "the command to begin");
    } finally {
      // The terminal tells the plugin too.
      build.descendants().forEach(ProcessHandle::destroy);
      build.destroy();
    }
    await(() -> docker(client, "ps", "-aq").ok().isEmpty(), "the command to be gone");
  }

  /** Something that becomes true. */
  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(Condition condition, String what) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("waiting for %s", what).isLessThan(end);
      EngineProcess.pause(100);
    }
  }
}
