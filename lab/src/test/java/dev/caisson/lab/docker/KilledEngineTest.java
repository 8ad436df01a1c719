/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * notes/security.md 35, through the API: kill -9 at random points of create, start, pull, build,
 * commit and remove; the next engine comes up by itself and what it says holds.
 *
 * <p>{@code -Dcrash.rounds=50 -Dcrash.seed=7} for more, or for the same again.
 */
@Tag("integration")
@Timeout(value = 900, unit = TimeUnit.SECONDS)
class KilledEngineTest {
  private static final int ROUNDS = Integer.getInteger("crash.rounds", 6);
  private static final long SEED = Long.getLong("crash.seed", System.nanoTime());

  /** What is promised. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir private Path folder;
  private final Random random = new Random(SEED);
  private final List<Duration> restarts = new ArrayList<>();

  @Test
  void theNextEngineComesUpByItselfAndIsConsistent() throws IOException {
    Shell.need("docker", "needs the docker command line");
    Shell.need("docker-registry", "needs the package docker-registry");
    try (LoopbackRegistry registry = LoopbackRegistry.start(folder);
        EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      Shell docker = Shell.of("docker", "-H", engine.address()).variable("DOCKER_BUILDKIT", "0");
      String far = registry.name("crash/big:1");
      pushed(docker, far);
      docker.with("run", "-d", "--name", "survivor", "busybox", "sleep", "100000").ok();
      String pid = docker.with("inspect", "-f", "{{.State.Pid}}", "survivor").ok().strip();
      for (int round = 0; round < ROUNDS; round++) {
        List<Shell> work = work(docker, round, far);
        Thread client = Thread.ofVirtual().start(() -> run(work));
        EngineProcess.pause(random.nextInt(2_500));
        engine.kill();
        join(client);
        restarts.add(engine.restart());
        assertThat(restarts.getLast()).as(at(round)).isLessThan(PATIENCE);
        assertConsistent(engine, docker, round, pid);
      }
      System.out.println(
          "restarts after kill -9, milliseconds: "
              + restarts.stream().map(Duration::toMillis).toList());
    }
  }

  private String at(int round) {
    return "round " + round + ", -Dcrash.seed=" + SEED;
  }

  private void pushed(Shell docker, String far) throws IOException {
    Path context = Files.createDirectory(folder.resolve("big"));
    byte[] bytes = new byte[12_000_000];
    random.nextBytes(bytes);
    Files.write(context.resolve("one"), bytes);
    Files.writeString(context.resolve("Dockerfile"), "FROM busybox\nCOPY one /one\n");
    docker.with("build", "-q", "-t", far, context.toString()).ok();
    docker.with("push", "-q", far).ok();
    docker.with("rmi", "-f", far).ok();
  }

  /** What is under way when the engine dies; each round another kind. */
  private List<Shell> work(Shell docker, int round, String far) throws IOException {
    String name = "r" + round;
    Shell start = docker.with("run", "-d", "--name", name, "-v", name + ":/data", "busybox");
    return switch (round % 6) {
      case 0 ->
          List.of(
              docker.with("create", "--name", name + "a", "busybox", "true"),
              docker.with("create", "--name", name + "b", "-v", "/v", "busybox", "true"),
              docker.with("create", "--name", name + "c", "busybox", "true"));
      case 1 -> List.of(docker.with("run", "--rm", "busybox", "true"), start.with("sleep", "1000"));
      case 2 ->
          List.of(docker.with("pull", far), docker.with("rmi", far), docker.with("pull", far));
      case 3 -> {
        Path context = Files.createDirectory(folder.resolve(name));
        Files.writeString(
            context.resolve("Dockerfile"),
            "FROM busybox\nRUN echo "
                + name
                + " >/a && sleep 0.2\nENV a=b\n"
                + "RUN dd if=/dev/urandom of=/b bs=1M count=4 && sleep 0.2\nCOPY Dockerfile /\n");
        yield List.of(docker.with("build", "-t", name, context.toString()));
      }
      case 4 ->
          List.of(
              start.with("sh", "-c", "dd if=/dev/zero of=/big bs=1M count=8; sleep 1000"),
              docker.with("commit", name, name + "-1"),
              docker.with("commit", name, name + "-2"));
      default ->
          List.of(
              start.with("sleep", "1000"),
              docker.with("rm", "-f", "-v", name),
              start.with("sleep", "1000"),
              docker.with("rm", "-f", "-v", name));
    };
  }

  private static void run(List<Shell> work) {
    work.forEach(Shell::run); // the one that is cut off fails, and those after it
  }

  private static void join(Thread client) {
    try {
      client.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void assertConsistent(EngineProcess engine, Shell docker, int round, String survivor)
      throws IOException {
    assertThat(docker.with("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "survivor").ok())
        .as(at(round))
        .isEqualTo("running " + survivor + "\n");
    assertThat(docker.with("exec", "survivor", "echo", "alive").ok()).isEqualTo("alive\n");
    for (String id : lines(docker.with("ps", "-aq", "--no-trunc").ok())) {
      String[] state =
          docker
              .with("inspect", "-f", "{{.State.Status}} {{.State.Pid}} {{.Name}}", id)
              .ok()
              .strip()
              .split(" ");
      boolean alive = Files.isDirectory(Path.of("/proc", state[1]));
      assertThat(state[0]).as(at(round)).isIn("running", "created", "exited");
      assertThat(alive && !state[1].equals("0"))
          .as(at(round))
          .isEqualTo(state[0].equals("running"));
      if (!state[2].equals("/survivor")) {
        docker.with("rm", "-f", "-v", id).ok();
      }
    }
    for (String image : lines(docker.with("images", "-q", "--no-trunc").ok())) {
      assertThat(docker.with("run", "--rm", image, "echo", "whole").ok())
          .as(at(round) + " " + image)
          .isEqualTo("whole\n");
    }
    Path scratch = engine.folder().resolve("root/scratch");
    if (Files.isDirectory(scratch)) {
      try (var left = Files.list(scratch)) {
        assertThat(left).as(at(round)).isEmpty();
      }
    }
    docker.with("build", "-q", "-").input("FROM busybox\nRUN echo " + round + " > /next\n").ok();
  }

  private static List<String> lines(String text) {
    return text.lines().filter(line -> !line.isBlank()).toList();
  }
}
