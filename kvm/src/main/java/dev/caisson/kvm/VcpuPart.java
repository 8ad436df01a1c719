/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

/**
 * State of a vCPU that is carried over as the kernel's bytes: what a snapshot keeps beside the
 * registers. Restored in this order, since some depend on what stands before them.
 */
public enum VcpuPart {
  /** struct kvm_debugregs */
  DEBUG_REGISTERS(128, 0x8080aea1L, 0x4080aea2L),
  /** struct kvm_xcrs: which register sets exist */
  EXTENDED_CONTROL(392, 0x8188aea6L, 0x4188aea7L),
  /** struct kvm_xsave: floating point and vectors */
  VECTORS(4096, 0x9000aea4L, 0x5000aea5L),
  /** struct kvm_lapic_state; needs in-kernel interrupt controllers */
  LOCAL_INTERRUPTS(1024, 0x8400ae8eL, 0x4400ae8fL),
  /** struct kvm_vcpu_events: interrupts and exceptions under way */
  EVENTS(64, 0x8040ae9fL, 0x4040aea0L),
  /** struct kvm_mp_state: running, halted, or waiting for another vCPU to start it */
  RUN_STATE(4, 0x8004ae98L, 0x4004ae99L);

  private final int size;
  private final long get;
  private final long set;

  VcpuPart(int size, long get, long set) {
    this.size = size;
    this.get = get;
    this.set = set;
  }

  int size() {
    return size;
  }

  long get() {
    return get;
  }

  long set() {
    return set;
  }
}
