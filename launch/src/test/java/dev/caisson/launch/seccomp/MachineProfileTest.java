/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a virtual machine's process may ask of the kernel; security checklist, line 56. */
class MachineProfileTest {
  private static Verdict judge(String call, long first, long second) {
    return Evaluator.judge(
        MachineProfile.get(),
        SystemCallTable.X86_64,
        SystemCallTable.X86_64.numberOf(call).orElseThrow(),
        first,
        second,
        0,
        0,
        0,
        0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "socket",
        "connect",
        "bind",
        "fork",
        "vfork",
        "ptrace",
        "mount",
        "unshare",
        "setns",
        "bpf",
        "io_uring_setup",
        "keyctl",
        "kill",
        "process_vm_writev",
        "userfaultfd",
        "perf_event_open",
        "setuid",
        "chmod",
        "unlink",
        "mkdir",
        "rename",
        "memfd_secret",
        "pidfd_getfd"
      })
  void whatNoMachineNeedsIsRefused(String call) {
    assertThat(judge(call, 0, 0)).isEqualTo(Verdict.NOT_PERMITTED);
  }

  @Test
  void threadsAreMadeAndNoProcesses() {
    assertThat(judge("clone", 0x3d0f00, 0)).isEqualTo(Verdict.ALLOW); // as pthread_create(3) does
    assertThat(judge("clone", 17, 0)).isEqualTo(Verdict.NOT_PERMITTED); // as fork(3) does
    assertThat(judge("clone", 0x3d0f00 | 0x1000_0000, 0)).isEqualTo(Verdict.NOT_PERMITTED);
    assertThat(judge("clone3", 0, 0)).isEqualTo(Verdict.NOT_IMPLEMENTED);
  }

  @Test
  void onlyMachinesAndTapsAreAskedBeyondReadingAndWriting() {
    assertThat(judge("ioctl", 5, 0xae80)).isEqualTo(Verdict.ALLOW); // KVM_RUN
    assertThat(judge("ioctl", 5, 0x4040_ae79L)).isEqualTo(Verdict.ALLOW); // KVM_IOEVENTFD
    assertThat(judge("ioctl", 5, 0x4004_54d0L)).isEqualTo(Verdict.ALLOW); // TUNSETOFFLOAD
    assertThat(judge("ioctl", 5, 0x8933)).isEqualTo(Verdict.NOT_PERMITTED); // SIOCGIFINDEX
    assertThat(judge("prctl", 15, 0)).isEqualTo(Verdict.ALLOW);
    assertThat(judge("prctl", 4, 0)).isEqualTo(Verdict.NOT_PERMITTED); // PR_SET_DUMPABLE
  }

  @Test
  void everyCallOfTheListIsKnown() {
    CallList.read("machine.profile")
        .forEach(group ->
            group
                .calls()
                .forEach(call ->
                    assertThat(SystemCallTable.X86_64.numberOf(call)).as(call).isPresent()));
  }
}
