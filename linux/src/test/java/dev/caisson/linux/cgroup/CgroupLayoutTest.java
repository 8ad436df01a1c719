/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.cgroup.CgroupLayout.Generation;
import dev.caisson.linux.mount.MountEntry;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CgroupLayoutTest {
  private static final String V2 = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
  private static final String TOGETHER =
      "30 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct";
  private static final String MEMORY =
      "31 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";

  @Test
  void aHostWithV2AloneIsUnified() {
    CgroupLayout layout = layout(V2);
    assertThat(layout.generation()).isEqualTo(Generation.V2);
    assertThat(layout.unified()).contains(Path.of("/sys/fs/cgroup"));
  }

  @Test
  void controllersMountedTogetherShareADirectory() {
    CgroupLayout layout = layout(TOGETHER, MEMORY);
    assertThat(layout.generation()).isEqualTo(Generation.V1);
    assertThat(layout.legacy().get("cpu")).isEqualTo(layout.legacy().get("cpuacct"));
    assertThat(layout.legacy().get("memory")).isEqualTo(Path.of("/sys/fs/cgroup/memory"));
  }

  @Test
  void controllersBesideV2AreHybrid() {
    assertThat(layout(V2, MEMORY).generation()).isEqualTo(Generation.HYBRID);
  }

  @Test
  void aHostWithoutAnyIsSaidToHaveNone() {
    assertThat(layout("1 0 8:1 / / rw - ext4 /dev/sda rw").generation()).isEqualTo(Generation.NONE);
  }

  private static CgroupLayout layout(String... mountinfo) {
    return CgroupLayout.of(Stream.of(mountinfo).map(MountEntry::parse).toList());
  }
}
