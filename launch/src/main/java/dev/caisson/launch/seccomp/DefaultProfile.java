/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.sandbox.workload.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Our own profile for containers, equal in effect to Docker's: what is allowed is listed, with a
 * reason a group, in {@code default.profile}.
 */
public final class DefaultProfile {
  private static final int FAMILY_VSOCK = 40; // linux/socket.h
  static final long NEW_NAMESPACES = 0x7e02_0000L; // CLONE_NEW* that clone(2) takes
  private static final long[] HARMLESS_PERSONALITIES = {
    0, // plain Linux
    0x8, // 32-bit machine name
    0x20000, // kernel version shown as 2.6
    0x20008,
    0xffff_ffffL // only asks
  };

  private DefaultProfile() {}

  /** The profile for a workload that holds these capabilities (its bounding set). */
  public static Profile with(Set<Capability> held) {
    var rules = new ArrayList<>(listed(held));
    rules.addAll(decidedByArgument(held));
    return new Profile(EnumSet.allOf(SystemCallTable.class), Verdict.NOT_PERMITTED, rules);
  }

  private static List<Rule> decidedByArgument(Set<Capability> held) {
    var rules = new ArrayList<Rule>();
    for (long persona : HARMLESS_PERSONALITIES) {
      rules.add(
          allow(
              "personality", Condition.equal(0, persona), "setarch; others weaken address layout"));
    }
    rules.add(
        allow(
            "socket",
            Condition.notEqual(0, FAMILY_VSOCK),
            "all families but vsock, which knows no network namespaces"));
    if (!held.contains(Capability.SYS_ADMIN)) {
      rules.add(
          allow(
              "clone",
              Condition.noneOf(0, NEW_NAMESPACES),
              "processes and threads, but no namespaces"));
      rules.add(
          new Rule(
              Set.of("clone3"),
              Verdict.NOT_IMPLEMENTED,
              List.of(),
              "its flags are in memory, where no filter can look; C libraries fall back on clone"));
    }
    return rules;
  }

  private static Rule allow(String call, Condition condition, String why) {
    return new Rule(Set.of(call), Verdict.ALLOW, List.of(condition), why);
  }

  private static List<Rule> listed(Set<Capability> held) {
    return CallList.read("default.profile").stream()
        .filter(group -> applies(group.name(), held))
        .map(CallList.Group::allowed)
        .toList();
  }

  private static boolean applies(String group, Set<Capability> held) {
    Optional<Capability> needed =
        group.startsWith("CAP_") ? Capability.named(group) : Optional.empty();
    return needed.isEmpty() || held.contains(needed.get());
  }
}
