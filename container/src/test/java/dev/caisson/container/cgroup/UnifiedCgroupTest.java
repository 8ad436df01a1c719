/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.workload.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What of cgroup v2 needs no controller, on any host that mounts it, hybrid ones included. */
@Tag("integration")
class UnifiedCgroupTest {
  @Test
  void processesJoinStandStillAndAreKilled() throws Exception {
    Path unified = CgroupLayout.ofThisHost().unified().orElse(null);
    Assumptions.assumeTrue(
        unified != null && Files.isWritable(unified), "no writable cgroup v2 hierarchy");
    String parent = "caisson-test-" + System.nanoTime();
    UnifiedCgroup group = new UnifiedCgroup(unified, parent, "x", true, true);
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    try {
      group.create(Resources.UNLIMITED, DeviceAccess.PLAIN);
      CgroupFile.write(group.procsFiles().getFirst(), Long.toString(sleeper.pid()));
      assertThat(group.pids()).containsExactly((int) sleeper.pid());
      group.freeze();
      assertThat(group.frozen()).isTrue();
      group.thaw();
      assertThat(group.frozen()).isFalse();
      group.kill();
      assertThat(sleeper.waitFor(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      sleeper.destroyForcibly().waitFor();
      while (!group.remove()) {
        Thread.onSpinWait();
      }
      Files.delete(unified.resolve(parent));
    }
    assertThat(group.directories()).allMatch(Files::notExists);
  }
}
