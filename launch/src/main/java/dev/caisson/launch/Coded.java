/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import dev.caisson.sandbox.workload.Capability;

/** A constant that travels in an encoded plan as the number the kernel gives it. */
public interface Coded {
  /** The kernel's number: a single bit for constants that are combined in sets. */
  long code();

  /** The number of a constant of ours, or the bit of a capability. */
  static long of(Object constant) {
    return switch (constant) {
      case Coded coded -> coded.code();
      case Capability capability -> capability.bit();
      default -> throw new IllegalArgumentException(constant + " has no number in a plan");
    };
  }
}
