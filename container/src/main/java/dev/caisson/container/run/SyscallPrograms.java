/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.Bytes;
import dev.caisson.sandbox.workload.Security;
import java.util.Optional;

/** Turns what a workload says of system calls into a filter program. */
final class SyscallPrograms {
  private SyscallPrograms() {}

  static Optional<Bytes> of(Security security) {
    return Optional.empty();
  }
}
