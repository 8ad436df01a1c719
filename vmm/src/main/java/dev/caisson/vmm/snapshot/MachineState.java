/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.kvm.VcpuState;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What makes up a machine beside its memory.
 *
 * @param memory bytes of guest memory
 * @param clock nanoseconds the guest's para-virtual clock had counted
 * @param savedAt when that was, in nanoseconds since 1970
 * @param interruptControllers the two PICs and the IOAPIC, each a struct kvm_irqchip
 * @param devices in the order they are plugged in
 */
public record MachineState(
    long memory,
    long clock,
    long savedAt,
    List<VcpuState> vcpus,
    List<byte[]> interruptControllers,
    SerialState serial,
    List<DeviceState> devices) {
  public MachineState {
    vcpus = List.copyOf(vcpus);
    interruptControllers = List.copyOf(interruptControllers);
    devices = List.copyOf(devices);
  }

  /** What the guest's clock would count by then; a host whose clock was set back stops nobody's. */
  public long clockAt(Instant now) {
    return clock + Math.max(0, nanoseconds(now) - savedAt);
  }

  /** Nanoseconds since 1970, until the year 2262. */
  public static long nanoseconds(Instant time) {
    return TimeUnit.SECONDS.toNanos(time.getEpochSecond()) + time.getNano();
  }
}
