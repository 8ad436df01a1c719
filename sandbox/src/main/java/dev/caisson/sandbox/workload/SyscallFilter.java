/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

/** Which system calls a workload may make. */
public sealed interface SyscallFilter {
  /** Caisson's own profile. */
  record Default() implements SyscallFilter {}

  /** All of them. */
  record None() implements SyscallFilter {}

  /** A profile in Docker's JSON format, not yet parsed. */
  record Profile(String json) implements SyscallFilter {}
}
