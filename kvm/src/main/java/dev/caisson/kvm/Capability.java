/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

/** Abilities of a kernel's KVM that we ask for. KVM_CAP_ numbers of include/uapi/linux/kvm.h */
public enum Capability {
  IRQCHIP(0),
  USER_MEMORY(3),
  MAX_VCPUS(66),
  IRQFD(32),
  IOEVENTFD(36),
  MP_STATE(14),
  ADJUST_CLOCK(39),
  VCPU_EVENTS(41),
  DEBUG_REGISTERS(50),
  XSAVE(55),
  XCRS(56),
  TSC_DEADLINE_TIMER(72),
  READ_ONLY_MEMORY(81),
  IMMEDIATE_EXIT(136);

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
