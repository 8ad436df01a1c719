/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Installation.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real services from the distribution's packages in an image made of packages: nginx and
 * PostgreSQL, through published ports, while their engine is killed. The image takes minutes to
 * make, so it is kept in the user's cache directory between runs.
 */
@Tag("integration")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ServicesTest {
  private static final String IMAGE = "debian-services";
  private static final Path CACHE =
      Path.of(
              Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                  .orElse(System.getProperty("user.home") + "/.cache"))
          .resolve("caisson/test");
  private static final String POSTGRES =
      """
      cd /usr/lib/postgresql/*/bin && bin=$PWD && cd /etc/postgresql/*/main && etc=$PWD
      echo 'host all all all trust' > /tmp/hba; echo 'local all all trust' >> /tmp/hba
      mkdir -p /run/postgresql && chown postgres /run/postgresql
      exec setpriv --reuid postgres --regid postgres --init-groups $bin/postgres -D /var/lib/postgresql/*/main \
        -c config_file=$etc/postgresql.conf -c hba_file=/tmp/hba -c listen_addresses='*' -c logging_collector=off
      """;

  private TestPlace place;
  private Installation installation;
  private int webPort;
  private int databasePort;

  @BeforeEach
  void install() throws Exception {
    place = TestPlace.make();
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/sbin/debootstrap")), "needs the package debootstrap");
    installation = Installation.in(place.directory().resolve("prefix"));
    webPort = freePort();
    databasePort = freePort();
    image();
  }

  private static int freePort() throws Exception {
    try (var socket = new java.net.ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void image() throws Exception {
    Path kept = CACHE.resolve(IMAGE + ".tar");
    if (Files.exists(kept) && caisson("load", "-i", kept.toString()).code() == 0) {
      return;
    }
    var built =
        caisson(
            "image", "build-base", "debian", "--tag", IMAGE, "--include", "nginx-light,postgresql");
    if (built.code() != 0) {
      Assumptions.assumeTrue(
          packagesCanBeFetched(), "packages cannot be fetched here: " + built.err());
      succeeds(built); // they can, so this is a fault of ours
    }
    Files.createDirectories(CACHE);
    Path draft = CACHE.resolve(IMAGE + ".new" + ProcessHandle.current().pid());
    succeeds(caisson("save", "-o", draft.toString(), IMAGE));
    Files.move(draft, kept, StandardCopyOption.ATOMIC_MOVE);
  }

  private boolean packagesCanBeFetched() throws Exception {
    var fetch =
        new ProcessBuilder("apt-get", "--quiet", "download", "nginx-common")
            .directory(place.directory().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return fetch.waitFor(2, TimeUnit.MINUTES) && fetch.exitValue() == 0;
  }

  @AfterEach
  void end() throws Exception {
    if (installation == null) {
      return;
    }
    for (String id : caisson("ps", "-aq").out().lines().toList()) {
      caisson("rm", "-f", id);
    }
    engine()
        .ifPresent(process -> {
          process.destroy();
          process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
        });
    place.close();
  }

  private Result caisson(String... words) throws Exception {
    return installation.as(
        "root",
        place.directory(),
        List.of(
            "CAISSON_ROOT=" + place.directory().resolve("root"),
            "CAISSON_RUN=" + place.directory().resolve("run")),
        words);
  }

  private static Result succeeds(Result result) {
    assertThat(result.code()).as("%s", result).isZero();
    return result;
  }

  private Optional<ProcessHandle> engine() {
    String mark = place.directory().resolve("run").toString();
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().command().filter(c -> c.endsWith("/java")).isPresent())
        .filter(process -> process.info().commandLine().filter(l -> l.contains(mark)).isPresent())
        .filter(process -> process.pid() != ProcessHandle.current().pid())
        .findFirst();
  }

  @Test
  void servicesAreReachedAndSurviveTheirEngine() throws Exception {
    succeeds(
        caisson(
            "run",
            "-d",
            "--name",
            "web",
            "-p",
            webPort + ":80",
            IMAGE,
            "sh",
            "-c",
            "mkdir -p /var/log/nginx && exec nginx -g 'daemon off;'"));
    succeeds(
        caisson(
            "run",
            "-d",
            "--name",
            "database",
            "--stop-signal",
            "INT",
            "-v",
            "pgdata:/var/lib/postgresql",
            "-p",
            databasePort + ":5432",
            IMAGE,
            "sh",
            "-c",
            POSTGRES));
    assertThat(page()).contains("Welcome to nginx");
    query("create table kept (n int)");
    query("insert into kept select generate_series(1, 1000)");

    ProcessHandle engine = engine().orElseThrow();
    engine.destroyForcibly();
    engine.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    assertThat(page()).as("without an engine").contains("Welcome to nginx");
    assertThat(caisson("ps", "--format", "{{.Names}} {{.State}}").out().lines())
        .containsExactlyInAnyOrder("web running", "database running");
    assertThat(page()).contains("Welcome to nginx");
    assertThat(query("select sum(n) from kept")).isEqualTo("500500");
    assertThat(caisson("logs", "database").out() + caisson("logs", "database").err())
        .contains("ready to accept connections");

    succeeds(caisson("stop", "web", "database"));
    assertThat(caisson("inspect", "-f", "{{.State.ExitCode}}", "database").out().strip())
        .as("a database that was asked to end")
        .isEqualTo("0");
    succeeds(caisson("start", "database"));
    assertThat(query("select count(*) from kept")).as("after a restart").isEqualTo("1000");
  }

  private String page() throws Exception {
    var command = List.of("curl", "-s", "-m", "5", "http://127.0.0.1:" + webPort + "/");
    return retried(() -> Installation.run(command, "")).out();
  }

  /** Through the published port, from another container. */
  private String query(String statement) throws Exception {
    return retried(() ->
            caisson(
                "run",
                "--rm",
                "--add-host",
                "outside:host-gateway",
                IMAGE,
                "psql",
                "-h",
                "outside",
                "-p",
                Integer.toString(databasePort),
                "-U",
                "postgres",
                "-Atqc",
                statement))
        .out()
        .strip();
  }

  private interface Attempt {
    Result make() throws Exception;
  }

  /** Services need a moment to listen. */
  private static Result retried(Attempt attempt) throws Exception {
    Result last = attempt.make();
    for (int i = 0; i < 60 && last.code() != 0; i++) {
      Thread.sleep(500);
      last = attempt.make();
    }
    return succeeds(last);
  }
}
