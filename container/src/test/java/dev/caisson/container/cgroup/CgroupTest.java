/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a control group promises, on whichever generation this host has. */
@Tag("integration")
class CgroupTest {
  private final String id = "test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
  private Cgroup group;

  @BeforeEach
  void createGroup() {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "control groups of the host need root");
    Cgroups cgroups = Cgroups.ofHost();
    Assumptions.assumeTrue(
        cgroups.layout().generation() != CgroupLayout.Generation.NONE, "no cgroups mounted");
    Resources limits =
        Resources.UNLIMITED
            .withMemory(Resources.Memory.limit(64 << 20))
            .withPids(33)
            .withCpu(Resources.Cpu.nano(500_000_000));
    group = cgroups.group(id, limits, true).orElseThrow();
    group.create(limits, DeviceAccess.PLAIN);
  }

  @AfterEach
  void nothingIsLeft() {
    if (group != null) {
      group.kill();
      while (!group.remove()) {
        Thread.onSpinWait();
      }
      assertThat(group.directories()).allMatch(Files::notExists);
    }
  }

  @Test
  void limitsAreThoseAskedFor() {
    assertThat(group.usage().memory().limit()).isEqualTo(64 << 20);
    assertThat(group.usage().tasks().limit()).isEqualTo(33);
  }

  @Test
  void limitsCanBeRaisedAndLowered() {
    for (int mebibytes : List.of(128, 32, 96)) {
      group.update(Resources.UNLIMITED.withMemory(Resources.Memory.limit((long) mebibytes << 20)));
      assertThat(group.usage().memory().limit()).isEqualTo((long) mebibytes << 20);
    }
  }

  @Test
  void aProcessCanJoinStandStillAndBeKilled() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    try {
      for (Path procs : group.procsFiles()) {
        CgroupFile.write(procs, Long.toString(sleeper.pid()));
      }
      assertThat(group.pids()).containsExactly((int) sleeper.pid());
      group.freeze();
      assertThat(sleeper.isAlive()).isTrue();
      group.thaw();
      assertThat(group.remove()).isFalse();
      group.kill();
      assertThat(sleeper.waitFor()).isEqualTo(137);
    } finally {
      sleeper.destroyForcibly();
    }
  }

  @Test
  void plainDeviceRulesDenyDisks() throws IOException {
    Path devices =
        group.directories().stream()
            .filter(directory -> Files.exists(directory.resolve("devices.list")))
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(devices != null, "cgroup v2 has no list to look at");
    assertThat(Files.readString(devices.resolve("devices.list")))
        .contains("c 1:3 rwm")
        .doesNotContain("a *:* rwm");
  }
}
