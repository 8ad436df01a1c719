/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.workload.Resources;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Limits become files of cgroup v2 in the guest, and a machine that is large enough for them. */
class GuestGroupTest {
  private static final long MEBIBYTE = 1 << 20;

  @Test
  void limitsBecomeFiles() {
    var resources =
        Resources.UNLIMITED
            .withMemory(Resources.Memory.limit(32 * MEBIBYTE))
            .withCpu(Resources.Cpu.nano(500_000_000))
            .withPids(-1);
    assertThat(GuestGroup.files(resources))
        .isEqualTo(
            Map.of(
                "memory.max", "33554432",
                "cpu.max", "50000 100000",
                "pids.max", "max"));
    assertThat(GuestGroup.files(Resources.UNLIMITED)).isEmpty();
  }

  @Test
  void theMachineIsSizedAroundTheLimit() {
    assertThat(MachineParts.memory(Resources.UNLIMITED)).isEqualTo(1024 * MEBIBYTE);
    assertThat(MachineParts.memory(limit(32 * MEBIBYTE))).isEqualTo(96 * MEBIBYTE);
    assertThat(MachineParts.memory(limit(256 * MEBIBYTE + 1))).isEqualTo(321 * MEBIBYTE);
    assertThat(MachineParts.limit(limit(256 * MEBIBYTE))).isEqualTo(256 * MEBIBYTE);
    assertThat(MachineParts.limit(limit(6 * MEBIBYTE))).isGreaterThanOrEqualTo(6 * MEBIBYTE);
  }

  private static Resources limit(long bytes) {
    return Resources.UNLIMITED.withMemory(Resources.Memory.limit(bytes));
  }
}
