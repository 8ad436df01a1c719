/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Podman with this runtime in place of runc, in directories of its own. */
@Tag("integration")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class PodmanTest {
  private static final Path PODMAN = Path.of("/usr/bin/podman");
  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final Path MEMORY = Path.of("/sys/fs/cgroup/memory");

  private Path place;
  private Path root;

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Files.isExecutable(PODMAN), "needs the package podman");
    assumeTrue(Files.isExecutable(BUSYBOX), "needs the package busybox-static");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    place = Files.createTempDirectory("csp"); // short: podman keeps sockets in it
    root = Files.createDirectories(place.resolve("fs"));
    for (String directory : List.of("bin", "proc", "dev", "sys", "etc", "run", "tmp", "var")) {
      Files.createDirectories(root.resolve(directory));
    }
    Files.copy(BUSYBOX, root.resolve("bin/busybox"));
    for (String applet : List.of("sh", "sleep", "cat", "id", "grep", "echo", "hostname", "ls")) {
      Files.createSymbolicLink(root.resolve("bin").resolve(applet), Path.of("busybox"));
    }
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
    runtime();
  }

  /** The command line as a program, as packaging/launch has it. */
  private void runtime() throws Exception {
    Set<String> modules = new LinkedHashSet<>();
    for (String property : List.of("jdk.module.path", "java.class.path")) {
      for (String part : System.getProperty(property, "").split(File.pathSeparator)) {
        if (!part.contains("test-classes") && !part.isEmpty()) {
          modules.add(Path.of(part).toAbsolutePath().toString());
        }
      }
    }
    modules.add(Path.of("target/classes").toAbsolutePath().toString());
    String script =
        """
        #!/bin/sh
        exec %s/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xmx64m \
        --enable-native-access=dev.caisson.linux --illegal-native-access=deny --module-path '%s' \
        -m dev.caisson.container/dev.caisson.container.oci.OciRuntime "$@"
        """
            .formatted(System.getProperty("java.home"), String.join(":", modules));
    Path program = Files.writeString(place.resolve("caisson-oci"), script);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void remove() throws Exception {
    if (place != null) {
      podman("rm", "-f", "-t", "0", "--all");
      run(List.of("umount", "-q", place.resolve("storage/overlay").toString()));
      run(List.of("rm", "-rf", place.toString()));
    }
  }

  private Result podman(String... words) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                PODMAN.toString(),
                "--root",
                place.resolve("storage").toString(),
                "--runroot",
                place.resolve("run").toString(),
                "--tmpdir",
                place.resolve("tmp").toString(),
                "--cgroup-manager=cgroupfs",
                "--events-backend=none",
                "--storage-driver=vfs",
                "--runtime",
                place.resolve("caisson-oci").toString()));
    for (String word : words) {
      command.add(word);
      if (word.equals("run")) {
        // Podman's own defaults are above what a root without CAP_SYS_RESOURCE may set.
        command.addAll(List.of("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"));
      }
    }
    return run(command);
  }

  private Result run(List<String> command) throws Exception {
    Path out = Files.createTempFile("out", "");
    Path err = Files.createTempFile("err", "");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .redirectInput(new File("/dev/null"))
              .start();
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static Result succeeds(Result result) {
    assertThat(result.code()).as("%s", result).isZero();
    return result;
  }

  @Test
  void runsExecutesPausesAndStops() throws Exception {
    String rootfs = root.toString();
    var once =
        podman(
            "run", "--rm", "--network=none", "--rootfs", rootfs, "sh", "-c", "echo said; exit 7");
    assertThat(once).isEqualTo(new Result(7, "said\n", ""));
    var missing = podman("run", "--rm", "--network=none", "--rootfs", rootfs, "nosuch");
    assertThat(missing.code()).as("%s", missing).isEqualTo(127);
    succeeds(
        podman(
            "run",
            "-d",
            "--name",
            "box",
            "--network=none",
            "--hostname",
            "inner",
            "--rootfs",
            rootfs,
            "sleep",
            "1000"));
    assertThat(succeeds(podman("exec", "box", "hostname")).out()).isEqualTo("inner\n");
    assertThat(podman("exec", "--user", "1000:1000", "box", "id", "-u").out()).isEqualTo("1000\n");
    assertThat(podman("exec", "box", "sh", "-c", "exit 9").code()).isEqualTo(9);
    succeeds(podman("pause", "box"));
    assertThat(podman("inspect", "-f", "{{.State.Status}}", "box").out()).isEqualTo("paused\n");
    succeeds(podman("unpause", "box"));
    succeeds(podman("stop", "-t", "0", "box"));
    assertThat(podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "box").out())
        .isEqualTo("exited 137\n");
    succeeds(podman("rm", "box"));
  }

  @Test
  void limitsHoldAndAreChanged() throws Exception {
    assumeTrue(Files.isDirectory(MEMORY), "looks at files of cgroup v1; lab cgroup2 has v2's");
    succeeds(
        podman(
            "run",
            "-d",
            "--name",
            "box",
            "--network=none",
            "--memory=64m",
            "--memory-swap=128m",
            "--cpus=0.5",
            "--cpu-shares=512",
            "--pids-limit=50",
            "--rootfs",
            root.toString(),
            "sleep",
            "1000"));
    assertThat(inside("/sys/fs/cgroup/memory/memory.limit_in_bytes")).isEqualTo("67108864");
    assertThat(inside("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")).isEqualTo("50000");
    assertThat(inside("/sys/fs/cgroup/cpu/cpu.shares")).isEqualTo("512");
    assertThat(inside("/sys/fs/cgroup/pids/pids.max")).isEqualTo("50");
    var update = podman("update", "--memory=96m", "--memory-swap=192m", "box");
    succeeds(update);
    assertThat(inside("/sys/fs/cgroup/memory/memory.limit_in_bytes")).isEqualTo("100663296");
    var hog =
        podman(
            "run",
            "--name",
            "hog",
            "--network=none",
            "--memory=16m",
            "--memory-swap=16m",
            "--rootfs",
            root.toString(),
            "sh",
            "-c",
            "busybox tail -c 100m /dev/zero");
    assertThat(hog.code()).isEqualTo(137);
  }

  private String inside(String file) throws Exception {
    return succeeds(podman("exec", "box", "cat", file)).out().strip();
  }

  @Test
  void privilegedReadOnlyAndTerminal() throws Exception {
    String rootfs = root.toString();
    assertThat(
            podman(
                    "run",
                    "--rm",
                    "--network=none",
                    "--read-only",
                    "--read-only-tmpfs=false",
                    "--rootfs",
                    rootfs,
                    "sh",
                    "-c",
                    "echo x > /file || echo refused")
                .out())
        .isEqualTo("refused\n");
    assertThat(
            podman(
                    "run",
                    "--rm",
                    "--network=none",
                    "--privileged",
                    "--rootfs",
                    rootfs,
                    "grep",
                    "CapEff",
                    "/proc/self/status")
                .out())
        .doesNotContain("0000000000000000");
    var terminal =
        podman(
            "run",
            "--rm",
            "-t",
            "--network=none",
            "--rootfs",
            rootfs,
            "sh",
            "-c",
            "ls -l /dev/fd/0");
    assertThat(terminal.out()).contains("/dev/pts/0");
  }

  @Test
  void theSystemdDriverIsRefusedWithARemedy() throws Exception {
    var refused =
        run(List.of(place.resolve("caisson-oci").toString(), "--systemd-cgroup", "state", "x"));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("--cgroup-manager=cgroupfs");
  }
}
