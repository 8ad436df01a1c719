/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Installation.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The command in the hands of an ordinary user, who is made for it and removed afterwards. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RootlessTest {
  private static final Path TUNNEL = Path.of("/dev/net/tun");
  private static final Path SLIRP = Path.of("/usr/bin/slirp4netns");

  private final String user = "cs" + ProcessHandle.current().pid();
  private Path directory;
  private Installation installation;
  private Path home;
  private Set<PosixFilePermission> tunnelPermissions;

  @BeforeAll
  void makeUser() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "needs root, to make an ordinary user");
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/newuidmap")), "needs the package uidmap");
    directory = Files.createTempDirectory("csr");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    installation = Installation.in(directory.resolve("prefix"));
    home = directory.resolve("home");
    assertThat(Installation.run(List.of("useradd", "-M", "-d", home.toString(), user), "").code())
        .isZero();
  }

  @AfterAll
  void removeUser() throws Exception {
    if (directory != null) {
      Installation.run(List.of("userdel", user), "");
      Installation.run(List.of("rm", "-rf", directory.toString()), "");
    }
  }

  @BeforeEach
  void makeHome() throws Exception {
    Files.createDirectories(home);
    Installation.run(List.of("chown", user + ":" + user, home.toString()), "");
    tunnelPermissions = Files.exists(TUNNEL) ? Files.getPosixFilePermissions(TUNNEL) : Set.of();
  }

  @AfterEach
  void endEverythingOfTheUser() throws Exception {
    if (Files.exists(TUNNEL)) {
      Files.setPosixFilePermissions(TUNNEL, tunnelPermissions);
    }
    // All of them are this test's: nobody else runs as this user.
    for (int round = 0; round < 50; round++) {
      var listed = Installation.run(List.of("ps", "-u", user, "-o", "pid="), "");
      if (listed.out().isBlank()) {
        break;
      }
      for (String pid : listed.out().strip().split("\\s+")) {
        Installation.run(List.of("kill", "-9", pid), "");
      }
      Thread.sleep(100);
    }
    Installation.run(List.of("rm", "-rf", home.toString()), "");
  }

  private Result caisson(String... words) throws Exception {
    return installation.as(user, home, words);
  }

  private void busybox() throws Exception {
    var built = caisson("image", "build-base", "busybox");
    assertThat(built.code()).as("%s", built).isZero();
  }

  @Test
  void theWholeLifeOfAContainer() throws Exception {
    tunnel(false);
    busybox();
    var one = caisson("run", "--rm", "busybox", "sh", "-c", "id -u; id -u nobody; exit 7");
    assertThat(one.code()).isEqualTo(7);
    assertThat(one.out()).isEqualTo("0\n65534\n");
    assertThat(one.err()).contains("Only loopback").contains("slirp4netns");
    var started =
        caisson("run", "-d", "--name", "one", "busybox", "sh", "-c", "echo up; sleep 1000");
    assertThat(started.code()).isZero();
    var other = caisson("exec", "--user", "1000:1000", "one", "id", "-u");
    assertThat(other).isEqualTo(new Result(0, "1000\n", ""));
    assertThat(caisson("exec", "one", "sh", "-c", "exit 9").code()).isEqualTo(9);
    assertThat(caisson("logs", "one").out()).isEqualTo("up\n");
    assertThat(caisson("top", "one").out()).contains("sleep 1000");
    assertThat(caisson("stats", "--no-stream", "one").code()).isZero();
    assertThat(caisson("diff", "one").code()).isZero();
    assertThat(caisson("cp", "-q", "one:/etc/passwd", home + "/copy").code()).isZero();
    assertThat(Files.readString(home.resolve("copy"))).startsWith("root:");
    assertThat(caisson("stop", "-t", "1", "one").code()).isZero();
    assertThat(caisson("rm", "one").code()).isZero();
    assertThat(caisson("info").out()).contains("Rootless: true");
  }

  @Test
  void filesOfTheImageKeepTheirOwners() throws Exception {
    busybox();
    caisson("run", "--name", "maker", "busybox", "sh", "-c", "echo x >/f; chown 33:44 /f");
    assertThat(caisson("commit", "maker", "owned").code()).isZero();
    assertThat(caisson("run", "--rm", "owned", "stat", "-c", "%u:%g", "/f").out())
        .isEqualTo("33:44\n");
  }

  @Test
  void volumesAreFilledAndFilesOfStoppedContainersReached() throws Exception {
    busybox();
    var none = List.of("--network", "none");
    assertThat(run(none, "-v", "etc:/etc", "busybox", "cat", "/etc/passwd").out())
        .startsWith("root:");
    assertThat(run(none, "-v", "data:/d", "busybox", "sh", "-c", "echo kept >/d/f").code())
        .isZero();
    assertThat(run(none, "-v", "data:/d:ro", "busybox", "cat", "/d/f").out()).isEqualTo("kept\n");
    assertThat(run(none, "-v", home + ":/h", "busybox", "sh", "-c", "echo x >/h/made").code())
        .isZero();
    assertThat(Files.getOwner(home.resolve("made")).getName()).isEqualTo(user);
    caisson("create", "--name", "still", "--network", "none", "busybox", "cat", "/in");
    assertThat(caisson("cp", "-q", home + "/made", "still:/in").code()).isZero();
    assertThat(caisson("start", "-a", "still").out()).isEqualTo("x\n");
    assertThat(caisson("cp", "-q", "still:/in", home + "/out").code()).isZero();
    assertThat(caisson("diff", "still").out()).contains("A /in");
    assertThat(caisson("export", "-o", home + "/all.tar", "still").code()).isZero();
    Files.writeString(home.resolve("Dockerfile"), "FROM busybox\nRUN echo built >/b\nCMD cat /b\n");
    assertThat(caisson("build", "-q", "-t", "mine", home.toString()).code()).isZero();
    assertThat(run(none, "mine").out()).isEqualTo("built\n");
  }

  private Result run(List<String> options, String... words) throws Exception {
    var line = new java.util.ArrayList<>(List.of("run", "--rm"));
    line.addAll(options);
    line.addAll(List.of(words));
    return caisson(line.toArray(String[]::new));
  }

  @Test
  void containersSurviveTheirEngine() throws Exception {
    busybox();
    caisson("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
    kill9(engine());
    assertThat(caisson("ps", "--format", "{{.Names}} {{.State}}").out())
        .isEqualTo("stays running\n");
    assertThat(caisson("exec", "stays", "echo", "still here").out()).isEqualTo("still here\n");
    assertThat(caisson("rm", "-f", "stays").code()).isZero();
  }

  private String engine() throws Exception {
    return Installation.run(List.of("pgrep", "-u", user, "-x", "java"), "").out().strip();
  }

  private static void kill9(String pid) throws Exception {
    assertThat(Installation.run(List.of("kill", "-9", pid), "").code()).isZero();
    Thread.sleep(300);
  }

  @Test
  void whatNeedsAControlGroupIsRefusedWithARemedy() throws Exception {
    Assumptions.assumeTrue(
        Files.isDirectory(Path.of("/sys/fs/cgroup/memory")),
        "a user manager may have delegated a cgroup v2 group");
    busybox();
    var limited = caisson("run", "--rm", "-m", "64m", "--pids-limit", "10", "busybox", "true");
    assertThat(limited.code()).isEqualTo(125);
    assertThat(limited.err()).contains("memory, process limit").contains("try:");
    for (var limit :
        List.of(
            "--cpus=0.5",
            "--cpu-shares=9",
            "--cpuset-cpus=0",
            "--memory-reservation=9m",
            "--blkio-weight=300")) {
      var refused = caisson("create", limit, "busybox", "true");
      assertThat(refused.err()).as(limit).contains("no control group is delegated");
      assertThat(refused.code()).as(limit).isEqualTo(1);
    }
    assertThat(caisson("ps", "-aq").out()).isEmpty();
    caisson("run", "-d", "--name", "one", "busybox", "sleep", "1000");
    assertThat(caisson("pause", "one").err()).contains("control group");
    assertThat(caisson("update", "-m", "64m", "one").err()).contains("control group");
  }

  @Test
  void withoutARangeOfIdsThereIsOneUser() throws Exception {
    String[] granted = grants();
    change("--del-subuids", granted[0], "--del-subgids", granted[1]);
    try {
      busybox();
      var alone = caisson("run", "--rm", "busybox", "sh", "-c", "id -u; ls -ln /bin/busybox");
      assertThat(alone.code()).as("%s", alone).isZero();
      assertThat(alone.out()).startsWith("0\n");
      var other = caisson("run", "--rm", "--user", "1000", "busybox", "true");
      assertThat(other.code()).isEqualTo(125);
      assertThat(other.err()).contains("--add-subuids");
    } finally {
      change("--add-subuids", granted[0], "--add-subgids", granted[1]);
    }
  }

  /** The user's ranges as usermod(8) wants them: first-last, of users and of groups. */
  private String[] grants() throws Exception {
    var ranges = new String[2];
    for (int i = 0; i < 2; i++) {
      String file = i == 0 ? "/etc/subuid" : "/etc/subgid";
      var line = Installation.run(List.of("grep", "^" + user + ":", file), "").out().strip();
      Assumptions.assumeFalse(line.isEmpty(), "useradd(8) grants no ranges here");
      String[] fields = line.split(":");
      long first = Long.parseLong(fields[1]);
      ranges[i] = first + "-" + (first + Long.parseLong(fields[2]) - 1);
    }
    return ranges;
  }

  private void change(String... options) throws Exception {
    var command = new ArrayList<>(List.of("usermod"));
    command.addAll(List.of(options));
    command.add(user);
    assertThat(Installation.run(command, "").code()).isZero();
  }

  @Test
  void withSlirpThereAreNetworksAndPublishedPorts() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(SLIRP), "needs the package slirp4netns");
    tunnel(true);
    busybox();
    int port = 20_000 + (int) (ProcessHandle.current().pid() % 10_000);
    var web =
        caisson(
            "run",
            "-d",
            "--name",
            "web",
            "-p",
            "127.0.0.1:" + port + ":80",
            "busybox",
            "sh",
            "-c",
            "echo hello >/index.html; exec httpd -f -p 80 -h /");
    assertThat(web.code()).as("%s", web).isZero();
    assertThat(fetch(port)).isEqualTo("hello\n");
    assertThat(
            caisson("run", "--rm", "busybox", "wget", "-q", "-O", "-", "-T", "5", "http://web/")
                .out())
        .as("by name, from another container")
        .isEmpty(); // names are for networks of one's own, as with Docker's default network
    caisson("network", "create", "inner");
    assertThat(caisson("network", "connect", "inner", "web").code()).isZero();
    var named =
        caisson(
            "run", "--rm", "--network", "inner", "busybox", "wget", "-q", "-O", "-", "http://web/");
    assertThat(named.out()).isEqualTo("hello\n");
    kill9(engine());
    assertThat(fetch(port)).isEqualTo("hello\n");
    assertThat(caisson("exec", "web", "true").code()).isZero();
    var taken = caisson("run", "--rm", "-p", "127.0.0.1:" + port + ":81", "busybox", "true");
    assertThat(taken.code()).isEqualTo(125);
    assertThat(taken.err()).contains("cannot be published").contains("try:");
    assertThat(caisson("stop", "-t", "1", "web").code()).isZero();
  }

  private void tunnel(boolean open) throws IOException {
    Assumptions.assumeTrue(Files.exists(TUNNEL), "needs /dev/net/tun");
    Files.setPosixFilePermissions(
        TUNNEL, PosixFilePermissions.fromString(open ? "rw-rw-rw-" : "rw-------"));
  }

  private static String fetch(int port) throws Exception {
    var command = List.of("curl", "-s", "-m", "5", "http://127.0.0.1:" + port + "/");
    Result last = Installation.run(command, "");
    for (int attempt = 0; attempt < 20 && last.code() != 0; attempt++) {
      Thread.sleep(200);
      last = Installation.run(command, "");
    }
    return last.out();
  }
}
