/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadTest {
  private static final RootFilesystem ROOT = RootFilesystem.directory(Path.of("/r"));

  @Test
  void whatIsNotSaidIsAsDockerHasIt() {
    Workload workload = Workload.builder("0123456789abcdef", ROOT).build();
    assertThat(workload.hostname()).isEqualTo("0123456789ab");
    assertThat(workload.security().capabilities()).hasSize(14);
    assertThat(workload.mounts().sharedMemory()).isEqualTo(64 << 20);
    assertThat(workload.toBuilder().build()).isEqualTo(workload);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../x", "a/b", "-a", ".hidden", "a\n"})
  void anIdThatIsNoFileNameIsRefused(String id) {
    assertThatThrownBy(() -> Workload.builder(id, ROOT).build())
        .isInstanceOf(SandboxException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "net.ipv4.ip_forward+x",
        "kernel=1",
        "net/../kernel/x",
        "kernel",
        "../x",
        "net..x"
      })
  void sysctlNamesAreOneName(String key) {
    assertThatThrownBy(() -> Workload.builder("a", ROOT).sysctls(Map.of(key, "1")).build())
        .isInstanceOf(SandboxException.class);
  }

  @Test
  void environmentIsPassedExactlyOrRefused() {
    String long1 = "x".repeat(1 << 20);
    assertThatThrownBy(() -> program(Map.of("A", long1))).isInstanceOf(SandboxException.class);
    assertThatThrownBy(() -> program(Map.of("=A", ""))).isInstanceOf(SandboxException.class);
    assertThatThrownBy(() -> program(Map.of("", ""))).isInstanceOf(SandboxException.class);
    assertThatThrownBy(() -> program(Map.of("A", "\0"))).isInstanceOf(SandboxException.class);
    assertThat(program(Map.of("A", "one\ntwo")).variable("A")).contains("one\ntwo");
  }

  private static Program program(Map<String, String> environment) {
    return Program.of("true").environment(environment).build();
  }

  @Test
  void capabilitiesAreChosenAsDockerDoes() {
    assertThat(Capability.choose(List.of(), List.of())).isEqualTo(Capability.DEFAULT);
    assertThat(Capability.choose(List.of("cap_sys_admin"), List.of("ALL")))
        .containsExactly(Capability.SYS_ADMIN);
    assertThat(Capability.choose(List.of("all"), List.of("MKNOD"))).hasSize(40);
    assertThatThrownBy(() -> Capability.parse("SYS_ADMIM")).hasMessageContaining("SYS_ADMIM");
    assertThat(Capability.CHECKPOINT_RESTORE.bit()).isEqualTo(1L << 40);
  }

  @Test
  void memoryLimitsMustMakeSense() {
    assertThatThrownBy(() -> Resources.Memory.limit(1 << 20)).hasMessageContaining("6 MiB");
    assertThatThrownBy(() ->
            new Resources.Memory(
                OptionalLong.of(64 << 20),
                OptionalLong.of(32 << 20),
                OptionalLong.empty(),
                java.util.OptionalInt.empty(),
                false))
        .isInstanceOf(SandboxException.class);
    assertThat(Resources.Cpu.nano(1_500_000_000).quota()).hasValue(150_000);
  }

  @Test
  void deviceRulesAreReadInDockersForm() {
    assertThat(Devices.Rule.parse("c 10:* rw"))
        .isEqualTo(new Devices.Rule(Devices.Type.CHARACTER, 10, -1, "rw"));
    assertThatThrownBy(() -> Devices.Rule.parse("c 1:3 rwx")).isInstanceOf(SandboxException.class);
  }

  @Test
  void cgroupParentsDoNotClimb() {
    assertThatThrownBy(() -> Resources.UNLIMITED.withCgroupParent("/a/../../b"))
        .isInstanceOf(SandboxException.class);
  }
}
