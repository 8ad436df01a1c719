/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.Unavailable;
import java.nio.file.Path;
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

  /** Why its machines cannot be {@linkplain RunningMachine#save saved} and restored. */
  Optional<Unavailable> noSnapshots();

  /**
   * Starts a machine where another stood when it was {@linkplain RunningMachine#save saved}.
   *
   * @param spec memory, processors and kernel are the snapshot's; devices are new ones of the same
   *     making
   * @throws dev.caisson.sandbox.SandboxException UNSUPPORTED where the engine cannot; INVALID for
   *     what is no snapshot of such a machine; FAILED
   */
  RunningMachine restore(MachineSpec spec, Path snapshot);
}
