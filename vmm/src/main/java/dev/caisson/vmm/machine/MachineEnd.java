/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

/**
 * How a machine came to its end.
 *
 * @param cause for people; for a fault with the registers of the processor that met it
 */
public record MachineEnd(Kind kind, String cause) {

  /** What a caller decides by. */
  public enum Kind {
    /** The guest switched itself off. */
    POWER_OFF,
    /** The guest asked to be started anew, or met a triple fault, which is how kernels do that. */
    RESET,
    /** The guest did what cannot be gone on from, or the hypervisor could not. */
    FAULT,
    /** The owner ended it. */
    STOPPED
  }
}
