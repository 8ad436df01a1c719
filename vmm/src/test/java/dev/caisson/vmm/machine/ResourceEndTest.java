/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host at the end of its descriptors: each start is refused whole, and leaves nothing. */
@Tag("integration")
@Timeout(300)
class ResourceEndTest {
  private static final int LIMIT = 300;

  @TempDir Path directory;

  @Test
  void startsThatFailForWantOfDescriptorsLeaveNothing() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    List<String> said = run("ulimit -n " + LIMIT);
    List<String> refused = said.stream().filter(line -> line.contains("Exception")).toList();
    assertThat(refused)
        .hasSizeGreaterThan(10)
        .allMatch(line -> line.toLowerCase(Locale.ROOT).contains("too many open"));
    assertThat(said).contains("59 left: POWER_OFF");
    for (String what : List.of("descriptors", "threads")) {
      String[] counts =
          said.stream().filter(line -> line.startsWith(what)).findFirst().orElseThrow().split(" ");
      assertThat(Integer.parseInt(counts[2]))
          .as(what)
          .isLessThanOrEqualTo(Integer.parseInt(counts[1]) + 3); // the compiler's own come and go
    }
  }

  @Test
  void startsThatFailForWantOfThreadsLeaveNothing() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    Path parent = Path.of("/sys/fs/cgroup/pids");
    assumeTrue(Files.isWritable(parent), "no control groups of version 1 for tasks");
    Path group = parent.resolve("caisson-test-" + ProcessHandle.current().pid());
    Files.createDirectory(group);
    try {
      List<String> said = run("echo $$ > " + group + "/cgroup.procs", group.toString());
      assertThat(said)
          .anyMatch(line -> line.matches("[01] left: VmmException.*no thread.*limit of tasks.*"))
          .contains("7 left: POWER_OFF");
      String counts =
          said.stream().filter(line -> line.startsWith("descriptors")).findFirst().orElseThrow();
      assertThat(counts.split(" ")[2]).isEqualTo(counts.split(" ")[1]);
    } finally {
      for (int tries = 0; tries < 100 && Files.exists(group); tries++) {
        Thread.sleep(50);
        group.toFile().delete();
      }
    }
  }

  private List<String> run(String limit, String... more) throws Exception {
    Path said = directory.resolve("said");
    String classPath =
        String.join(
            File.pathSeparator,
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            "target/classes",
            "target/test-classes");
    List<String> command = new ArrayList<>(List.of("sh", "-c", limit + " && exec \"$@\"", "sh"));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath,
            StartingVictim.class.getName(),
            directory.toString(),
            classPath));
    command.addAll(List.of(more));
    var victim =
        new ProcessBuilder(command).redirectOutput(said.toFile()).redirectErrorStream(true).start();
    boolean ended = victim.waitFor(240, TimeUnit.SECONDS);
    List<String> lines = Files.readAllLines(said);
    assertThat(ended && victim.exitValue() == 0).as(String.join("\n", lines)).isTrue();
    return lines;
  }
}
