/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.Unavailable;
import java.util.Optional;

/** Something that runs machines: our own hypervisor, or QEMU. */
public interface MachineEngine {
  /** "kvm" or "qemu". */
  String name();

  /** Whether each of its machines is served by a process, user and control group of its own. */
  boolean ownProcess();

  /** Kernel modules a guest of this engine needs before it can reach its devices. */
  String transportModule();

  /** Why this host cannot use it. */
  Optional<Unavailable> unavailable();

  /**
   * Starts a machine; returns when its first instruction can run.
   *
   * @throws dev.caisson.sandbox.SandboxException FAILED with the engine's own words
   */
  RunningMachine start(MachineSpec spec);
}
