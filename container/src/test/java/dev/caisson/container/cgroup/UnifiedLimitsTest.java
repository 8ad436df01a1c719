/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writes to a directory that has the files of a v2 group, and reads back what the kernel would get.
 */
class UnifiedLimitsTest {
  @TempDir Path group;

  private String value(String file) throws IOException {
    return Files.readString(group.resolve(file));
  }

  @Test
  void dockersNumbersBecomeThoseOfV2() throws IOException {
    for (String file :
        List.of("memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max")) {
      Files.createFile(group.resolve(file));
    }
    new UnifiedLimits(group)
        .apply(
            Resources.UNLIMITED
                .withMemory(Resources.Memory.limit(64 << 20))
                .withCpu(Resources.Cpu.nano(1_500_000_000))
                .withPids(-1));
    assertThat(value("memory.max")).isEqualTo("67108864");
    assertThat(value("memory.swap.max")).isEqualTo("67108864");
    assertThat(value("cpu.max")).isEqualTo("150000 100000");
    assertThat(value("pids.max")).isEqualTo("max");
  }

  @Test
  void aControllerThatIsNotDelegatedIsNamed() {
    assertThatThrownBy(() -> new UnifiedLimits(group).apply(Resources.UNLIMITED.withPids(9)))
        .isInstanceOf(CgroupException.class)
        .hasMessageContaining("pids.max")
        .hasMessageContaining("not delegated");
  }
}
