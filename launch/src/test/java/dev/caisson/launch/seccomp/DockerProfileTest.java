/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.launch.LaunchException;
import dev.caisson.launch.seccomp.DockerProfile.KernelVersion;
import dev.caisson.sandbox.workload.Capability;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DockerProfileTest {
  private static final KernelVersion KERNEL = KernelVersion.parse("6.1.0-25-amd64");

  private static Verdict judge(String json, Set<Capability> held, String call, long first) {
    return Evaluator.judge(
        DockerProfile.parse(json, held, KERNEL),
        SystemCallTable.X86_64,
        SystemCallTable.X86_64.numberOf(call).orElseThrow(),
        first,
        0,
        0,
        0,
        0,
        0);
  }

  private static final String PROFILE =
      """
      {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13,
       "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
       "syscalls": [
        {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["umount2"], "action": "SCMP_ACT_LOG", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
        {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}},
        {"names": ["kill"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm64"]}},
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97,
         "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]},
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}
      """;

  @Test
  void readsActionsFiltersAndArguments() {
    assertThat(judge(PROFILE, Set.of(), "read", 0)).isEqualTo(Verdict.ALLOW);
    assertThat(judge(PROFILE, Set.of(), "mount", 0)).isEqualTo(Verdict.errno(13));
    assertThat(judge(PROFILE, Set.of(Capability.SYS_ADMIN), "mount", 0)).isEqualTo(Verdict.ALLOW);
    assertThat(judge(PROFILE, Set.of(), "umount2", 0)).isEqualTo(Verdict.LOG);
    assertThat(judge(PROFILE, Set.of(Capability.SYS_ADMIN), "umount2", 0))
        .isEqualTo(Verdict.errno(13));
    assertThat(judge(PROFILE, Set.of(), "ptrace", 0)).isEqualTo(Verdict.ALLOW);
    assertThat(judge(PROFILE, Set.of(), "bpf", 0)).isEqualTo(Verdict.errno(13));
    assertThat(judge(PROFILE, Set.of(), "kill", 0)).isEqualTo(Verdict.errno(13));
    assertThat(judge(PROFILE, Set.of(), "socket", 38)).isEqualTo(Verdict.errno(97));
    assertThat(judge(PROFILE, Set.of(), "socket", 2)).isEqualTo(Verdict.errno(13));
    assertThat(judge(PROFILE, Set.of(), "clone", 17)).isEqualTo(Verdict.ALLOW);
    assertThat(judge(PROFILE, Set.of(), "clone", 0x1000_0000)).isEqualTo(Verdict.errno(13));
  }

  @Test
  void unknownCallsAreNotImplementedRatherThanForbidden() {
    assertThat(
            Evaluator.judge(
                DockerProfile.parse(PROFILE, Set.of(), KERNEL),
                SystemCallTable.X86_64,
                900,
                0,
                0,
                0,
                0,
                0,
                0))
        .isEqualTo(Verdict.NOT_IMPLEMENTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"defaultAction\": \"SCMP_ACT_MAYBE\"}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"action\": \"SCMP_ACT_KILL\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 70000}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_KILL\", \"args\": [{\"index\": 6, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_KILL\", \"args\": [{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": -1}]}]}"
      })
  void refusesWhatItDoesNotUnderstand(String json) {
    assertThatThrownBy(() -> DockerProfile.parse(json, Set.of(), KERNEL))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("seccomp profile refused");
  }

  @Test
  void deepNestingIsRefused() {
    assertThatThrownBy(() -> DockerProfile.parse("[".repeat(100_000), Set.of(), KERNEL))
        .isInstanceOf(LaunchException.class);
  }
}
