/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.launch.LaunchException;
import java.util.List;
import java.util.Set;

/**
 * Which system calls a workload may make.
 *
 * <p>A rule without conditions decides its calls alone. Otherwise the first rule whose conditions
 * hold decides, and when none does, the standard verdict.
 *
 * @param architectures whose calls are filtered; calls of any other kill the process
 * @param standard the verdict on calls without a rule. When it is an errno other than ENOSYS, calls
 *     newer than our tables get ENOSYS all the same: programs fall back on that, and fail on EPERM
 */
public record Profile(Set<SystemCallTable> architectures, Verdict standard, List<Rule> rules) {
  public Profile {
    architectures = Set.copyOf(architectures);
    rules = List.copyOf(rules);
  }

  static LaunchException invalid(String reason) {
    return new LaunchException(
        LaunchException.Kind.INVALID_PROFILE, "seccomp profile refused: " + reason);
  }
}
