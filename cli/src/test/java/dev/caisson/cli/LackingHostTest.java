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
import java.util.ArrayList;
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
    return lacking(List.of("unshare", "-m", "sh", "-c"), preparation, words);
  }

  private Result lacking(List<String> shell, String preparation, String... words) throws Exception {
    String command =
        "%s/bin/caisson --root %s/root --run %s/run"
            .formatted(installation.prefix(), place.directory(), place.directory());
    List<String> line = new ArrayList<>(shell);
    line.add(preparation + "\nexec " + command + " " + String.join(" ", words));
    return Installation.run(line, "");
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

  /** What needs no network of ours goes on, and what does says why not. */
  @Test
  void aKernelWithoutNftables() throws Exception {
    Path program = place.directory().resolve("without_netfilter");
    Path source = Path.of("src/test/c/without_netfilter.c").toAbsolutePath();
    var compiled =
        Installation.run(List.of("gcc", "-Wall", "-Werror", "-o", program + "", source + ""), "");
    assertThat(compiled.code()).as("%s", compiled).isZero();
    List<String> shell = List.of(program.toString(), "sh", "-c");
    assertThat(lacking(shell, "", "image", "build-base", "busybox").code()).isZero();
    for (String mode : List.of("none", "host")) {
      var works = lacking(shell, "", "run", "--rm", "--network", mode, "busybox", "echo", "on");
      assertThat(works.out()).as("%s", works).isEqualTo("on\n");
    }
    told(lacking(shell, "", "run", "--rm", "--network", "bridge", "busybox", "true"), "nf_tables");
    told(lacking(shell, "", "run", "--rm", "-p", "8099:80", "busybox", "true"), "nf_tables");
    assertThat(lacking(shell, "", "run", "--rm", "busybox", "true").err())
        .contains("Only loopback")
        .contains("nf_tables");
    var doctor = lacking(shell, "", "doctor");
    assertThat(doctor.out()).as("%s", doctor).contains("nf_tables").contains("modprobe nf_tables");
    assertThat(doctor.code()).isEqualTo(1);
    assertThat(lacking(shell, "", "explain", "busybox", "true").out()).contains("Only loopback");
    assertThat(lacking(shell, "", "explain", "--network", "bridge", "busybox", "true").err())
        .contains("nf_tables")
        .contains("try:");
    assertThat(lacking(shell, "", "network", "create", "mine").err()).contains("nf_tables");
    assertThat(lacking(shell, "", "network", "ls").out())
        .contains("host")
        .contains("none")
        .doesNotContain("bridge");
    assertThat(lacking(shell, "", "ps", "-aq").out()).isEmpty();
  }

  /** As in somebody else's container: the firewall could be made, forwarding not be turned on. */
  @Test
  void aHostWhoseKernelSettingsAreReadOnly() throws Exception {
    List<String> shell = List.of("unshare", "-m", "-n", "sh", "-c");
    String readOnly =
        "echo 0 > /proc/sys/net/ipv4/ip_forward; mount --bind /proc/sys /proc/sys;"
            + " mount -o remount,bind,ro /proc/sys";
    assertThat(lacking(shell, readOnly, "image", "build-base", "busybox").code()).isZero();
    var works =
        lacking(shell, readOnly, "run", "--rm", "--network", "none", "busybox", "echo", "on");
    assertThat(works.out()).as("%s", works).isEqualTo("on\n");
    told(
        lacking(shell, readOnly, "run", "--rm", "--network", "bridge", "busybox", "true"),
        "net.ipv4.ip_forward");
    assertThat(lacking(shell, readOnly, "doctor").out())
        .contains("only none and host")
        .contains("net.ipv4.ip_forward");
    assertThat(lacking(shell, readOnly, "network", "create", "mine").err())
        .contains("net.ipv4.ip_forward");
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
