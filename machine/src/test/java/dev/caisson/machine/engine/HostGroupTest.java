/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.Spawn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostGroupTest {
  private static final long MEMORY = 256L << 20;

  @TempDir Path mount;

  @Test
  void limitsOfTheSecondVersionAreTheMachinesSizeAndWhatItsProcessNeeds() throws Exception {
    Path directory = Files.createDirectories(mount.resolve("caisson/machine-a"));
    for (String file : List.of("memory.max", "cpu.max", "pids.max", "cgroup.procs")) {
      Files.createFile(directory.resolve(file));
    }
    Files.writeString(directory.resolve("cpu.stat"), "usage_usec 1500\nuser_usec 1000\n");
    var group = HostGroup.of(new CgroupLayout(Map.of(), Optional.of(mount)), "a", "");
    group.make(MEMORY, 2, Optional.empty());
    assertThat(directory.resolve("memory.max")).hasContent(Long.toString(MEMORY + (512L << 20)));
    assertThat(directory.resolve("cpu.max")).hasContent("200000 100000");
    assertThat(directory.resolve("pids.max")).hasContent("130");
    group.join(17);
    assertThat(directory.resolve("cgroup.procs")).hasContent("17");
    assertThat(group.cpuTime()).contains(Duration.ofNanos(1_500_000));
  }

  @Test
  void aParentOfTheCallersIsKept() throws Exception {
    var layout = new CgroupLayout(Map.of("memory", mount), Optional.empty());
    HostGroup.of(layout, "a", "/tests/mine").make(MEMORY, 1, Optional.empty());
    assertThat(mount.resolve("tests/mine/machine-a")).isDirectory();
    HostGroup.of(layout, "a", "/tests/mine").remove();
    assertThat(mount.resolve("tests/mine/machine-a")).doesNotExist();
  }

  @Test
  void chosenProcessorsAreFilledInFromAboveAndHeld() throws Exception {
    Path group = Files.createDirectories(mount.resolve("caisson/machine-a"));
    for (Path one : List.of(group, mount.resolve("caisson"))) {
      Files.createFile(one.resolve("cpuset.cpus"));
      Files.createFile(one.resolve("cpuset.mems"));
    }
    Files.writeString(mount.resolve("cpuset.cpus"), "0-3\n");
    Files.writeString(mount.resolve("cpuset.mems"), "0\n");
    var layout = new CgroupLayout(Map.of("cpuset", mount), Optional.empty());
    HostGroup.of(layout, "a", "").make(MEMORY, 1, Optional.of(HostProcessors.of("1,3", "0-3")));
    assertThat(mount.resolve("caisson/cpuset.cpus")).hasContent("0-3");
    assertThat(group.resolve("cpuset.mems")).hasContent("0");
    assertThat(group.resolve("cpuset.cpus")).hasContent("1,3");
  }

  @Test
  void anotherChoiceIsTakenWhileItRuns() throws Exception {
    Path group = Files.createDirectories(mount.resolve("machine-a"));
    Files.createFile(group.resolve("cpuset.cpus"));
    var one = HostGroup.of(new CgroupLayout(Map.of(), Optional.of(mount)), "a", "/");
    one.use(HostProcessors.of("2", "0-3"), 17);
    assertThat(group.resolve("cpuset.cpus")).hasContent("2");
  }

  @Test
  void aHostThatCannotHoldTheChoiceSaysSo() {
    HostGroup group = HostGroup.of(new CgroupLayout(Map.of(), Optional.empty()), "a", "");
    var chosen = Optional.of(HostProcessors.of("0", "0-3"));
    assertThatThrownBy(() -> group.make(MEMORY, 1, chosen)).hasMessageContaining("cpuset");
  }

  /** On the host's own groups: what runs in it is counted, killed, and nothing of it stays. */
  @Test
  @Tag("integration")
  void aProcessIsHeldCountedAndGone() {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    CgroupLayout layout = CgroupLayout.ofThisHost();
    Assumptions.assumeTrue(
        layout.generation() != CgroupLayout.Generation.NONE, "this host has no control groups");
    String id = "test-" + ProcessHandle.current().pid();
    HostGroup group = HostGroup.of(layout, id, "");
    group.make(MEMORY, 1, Optional.empty());
    var spawn =
        new Spawn(
            new Executable.At("/bin/sh"),
            List.of("sh", "-c", "while :; do :; done"),
            List.of(),
            new TreeMap<>());
    try (ChildProcess busy = ChildProcess.start(spawn, "test")) {
      group.join(busy.pid());
      assertThat(ownGroups(busy.pid())).contains("/caisson/machine-" + id);
      while (group.cpuTime().orElseThrow().toMillis() < 20) {
        Thread.onSpinWait();
      }
      group.kill();
      assertThat(busy.ended().join().code()).isEqualTo(137);
    }
    group.remove();
    assertThat(group.cpuTime()).isEmpty();
  }

  /** On the host's own groups: a process that began anywhere is moved while it runs. */
  @Test
  @Tag("integration")
  void aRunningProcessIsMovedToChosenProcessors() throws Exception {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Assumptions.assumeTrue(
        CgroupLayout.ofThisHost().legacy().containsKey("cpuset"), "no cpuset groups of v1");
    String id = "moved-" + ProcessHandle.current().pid();
    HostGroup group = HostGroup.of(id, "");
    group.make(MEMORY, 1, Optional.empty());
    var spawn =
        new Spawn(
            new Executable.At("/bin/sleep"), List.of("sleep", "100"), List.of(), new TreeMap<>());
    try (ChildProcess process = ChildProcess.start(spawn, "test")) {
      group.join(process.pid());
      int last = Runtime.getRuntime().availableProcessors() - 1;
      for (int processor : new int[] {last, 0}) {
        group.use(HostProcessors.ofThisHost(Integer.toString(processor)), process.pid());
        assertThat(Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")))
            .contains("Cpus_allowed_list:\t" + processor);
      }
    }
    group.remove();
  }

  private static String ownGroups(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cgroup"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
