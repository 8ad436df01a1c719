/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a process may ask of the kernel that runs one virtual machine, whose guest may have taken it
 * over: what a Java runtime does, and what KVM, taps and the sockets it was handed need. The list,
 * with a reason a group, is {@code machine.profile}.
 */
public final class MachineProfile {
  private static final long IOCTL_TYPE = 0xff00;
  private static final long KVM = 0xae00; // KVMIO in linux/kvm.h
  private static final long TUN = 0x5400; // 'T' in linux/if_tun.h
  private static final long NEW_THREAD = 0x10000; // CLONE_THREAD
  private static final int[] NAMES = {15, 16, 0x5356_4d41}; // PR_SET_NAME, PR_GET_NAME, PR_SET_VMA

  private MachineProfile() {}

  /** What is not allowed answers EPERM, calls newer than our tables ENOSYS. */
  public static Profile get() {
    List<Rule> rules = new ArrayList<>();
    CallList.read("machine.profile").forEach(group -> rules.add(group.allowed()));
    rules.add(kind(KVM, "a machine's and its processors' descriptors"));
    rules.add(kind(TUN, "taps it was handed; no other terminal or network device is there"));
    rules.add(
        new Rule(
            Set.of("clone"),
            Verdict.ALLOW,
            List.of(
                new Condition(0, Condition.Operator.MASKED_EQUAL, NEW_THREAD, NEW_THREAD),
                Condition.noneOf(0, DefaultProfile.NEW_NAMESPACES)),
            "threads, but no processes"));
    rules.add(
        new Rule(
            Set.of("clone3"),
            Verdict.NOT_IMPLEMENTED,
            List.of(),
            "its flags are in memory, where no filter can look; the C library falls back on clone"));
    for (int option : NAMES) {
      rules.add(
          new Rule(
              Set.of("prctl"),
              Verdict.ALLOW,
              List.of(Condition.equal(0, option)),
              "names of threads and of memory"));
    }
    return new Profile(Set.of(SystemCallTable.X86_64), Verdict.NOT_PERMITTED, rules);
  }

  private static Rule kind(long type, String why) {
    return new Rule(
        Set.of("ioctl"),
        Verdict.ALLOW,
        List.of(new Condition(1, Condition.Operator.MASKED_EQUAL, IOCTL_TYPE, type)),
        why);
  }
}
