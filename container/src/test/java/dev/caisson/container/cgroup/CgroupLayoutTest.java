/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.container.cgroup.CgroupLayout.Generation;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class CgroupLayoutTest {
  private static final String V2 = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
  private static final String TOGETHER =
      "30 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct";
  private static final String MEMORY =
      "31 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";

  @Test
  void aHostWithV2AloneIsUnified() {
    CgroupLayout layout = CgroupLayout.parse(List.of(V2));
    assertThat(layout.generation()).isEqualTo(Generation.V2);
    assertThat(layout.unified()).contains(Path.of("/sys/fs/cgroup"));
  }

  @Test
  void controllersMountedTogetherShareADirectory() {
    CgroupLayout layout = CgroupLayout.parse(List.of(TOGETHER, MEMORY));
    assertThat(layout.generation()).isEqualTo(Generation.V1);
    assertThat(layout.legacy().get("cpu")).isEqualTo(layout.legacy().get("cpuacct"));
    var group = new LegacyCgroup(layout, "caisson", "x", true, false, false);
    assertThat(group.directories())
        .containsExactly(
            Path.of("/sys/fs/cgroup/cpu,cpuacct/caisson/x"),
            Path.of("/sys/fs/cgroup/memory/caisson/x"));
  }

  @Test
  void controllersBesideV2AreHybrid() {
    assertThat(CgroupLayout.parse(List.of(V2, MEMORY)).generation()).isEqualTo(Generation.HYBRID);
  }

  @Test
  void aHostWithoutAnyIsSaidToHaveNone() {
    assertThat(CgroupLayout.parse(List.of("1 0 8:1 / / rw - ext4 /dev/sda rw")).generation())
        .isEqualTo(Generation.NONE);
  }
}
