/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Installation.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The command on a host that lacks something: a kernel feature, control groups, permission, disk
 * space. What is missing is hidden in a mount namespace of the engine's own.
 */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class LackingHostTest {
  private TestPlace place;
  private Installation installation;

  @BeforeEach
  void install() throws Exception {
    place = TestPlace.make();
    Files.setPosixFilePermissions(place.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
    installation = Installation.in(place.directory().resolve("prefix"));
  }

  @AfterEach
  void end() throws Exception {
    if (installation == null) {
      return;
    }
    String mark = place.directory().resolve("run").toString();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      boolean ours =
          process.info().command().filter(c -> c.endsWith("/java")).isPresent()
              && process.info().commandLine().filter(l -> l.contains(mark)).isPresent();
      if (ours && process.pid() != ProcessHandle.current().pid()) {
        process.destroy();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
      }
    }
    place.close();
  }

  /** The command where {@code preparation}, a shell script, has taken something away. */
  private Result lacking(String preparation, String... words) throws Exception {
    String command =
        "%s/bin/caisson --root %s/root --run %s/run"
            .formatted(installation.prefix(), place.directory(), place.directory());
    return Installation.run(
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            preparation + "\nexec " + command + " " + String.join(" ", words)),
        "");
  }

  private static void told(Result result, String cause) {
    assertThat(result.code()).as("%s", result).isEqualTo(125);
    assertThat(result.err()).contains(cause).contains("try:").doesNotContain("Exception");
    assertThat(result.err().lines().count()).isLessThanOrEqualTo(24);
  }

  @Test
  void aKernelWithoutOverlay() throws Exception {
    Path without = Files.writeString(place.directory().resolve("filesystems"), "nodev\ttmpfs\n");
    String hidden =
        "mount --bind "
            + without
            + " /proc/filesystems; mount -t tmpfs none /sys/module;"
            + " mount -t tmpfs none /lib/modules 2>/dev/null";
    assertThat(lacking(hidden, "image", "build-base", "busybox").code()).isZero();
    told(lacking(hidden, "run", "--rm", "--network", "none", "busybox", "true"), "overlay");
    assertThat(lacking(hidden, "doctor").out()).contains("modprobe overlay");
    assertThat(lacking(hidden, "ps", "-aq").out()).isEmpty();
  }

  @Test
  void aHostWithoutControlGroups() throws Exception {
    String hidden = "umount -R -l /sys/fs/cgroup";
    assertThat(lacking(hidden, "image", "build-base", "busybox").code()).isZero();
    told(lacking(hidden, "run", "--rm", "--network", "none", "busybox", "true"), "control groups");
    assertThat(lacking(hidden, "ps", "-aq").out()).isEmpty();
  }

  @Test
  void aDiskThatIsFull() throws Exception {
    Path root = Files.createDirectories(place.directory().resolve("root"));
    Path big = place.directory().resolve("big.tar");
    var made =
        Installation.run(
            List.of(
                "sh",
                "-c",
                "cd %s && head -c 40000000 /dev/urandom > big && tar cf big.tar big && rm big"
                    .formatted(place.directory())),
            "");
    assertThat(made.code()).isZero();
    String small = "mount -t tmpfs -o size=32m none " + root;
    assertThat(lacking(small, "image", "build-base", "busybox").code()).isZero();
    var refused = lacking(small, "image", "import", big.toString(), "big");
    assertThat(refused.code()).as("%s", refused).isNotZero();
    assertThat(refused.err()).containsIgnoringCase("space").contains("try:");
    assertThat(lacking(small, "image", "ls", "-q").out().lines().count()).isEqualTo(1);
    var works = lacking(small, "run", "--rm", "--network", "none", "busybox", "echo", "on");
    assertThat(works.out()).as("%s", works).isEqualTo("on\n");
  }

  @Test
  void aPlaceThatIsNotOurs() throws Exception {
    String closed = Files.createDirectory(place.directory().resolve("closed")).toString();
    var refused =
        Installation.run(
            List.of(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                installation.prefix().resolve("bin/caisson").toString(),
                "--root",
                closed,
                "--run",
                closed,
                "ps"),
            "");
    told(refused, "ermission denied");
  }
}
