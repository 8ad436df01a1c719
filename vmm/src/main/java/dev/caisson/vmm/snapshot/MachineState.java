/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.kvm.VcpuState;
import java.util.List;

/**
 * What makes up a machine beside its memory.
 *
 * @param memory bytes of guest memory
 * @param clock nanoseconds the guest's para-virtual clock had counted
 * @param interruptControllers the two PICs and the IOAPIC, each a struct kvm_irqchip
 * @param devices in the order they are plugged in
 */
public record MachineState(
    long memory,
    long clock,
    List<VcpuState> vcpus,
    List<byte[]> interruptControllers,
    SerialState serial,
    List<DeviceState> devices) {
  public MachineState {
    vcpus = List.copyOf(vcpus);
    interruptControllers = List.copyOf(interruptControllers);
    devices = List.copyOf(devices);
  }
}
