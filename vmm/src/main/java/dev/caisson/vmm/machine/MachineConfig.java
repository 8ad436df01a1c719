/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.memory.MachineMemory;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * What a machine is made of.
 *
 * @param name of its threads
 * @param memory bytes, whole pages of 4 KiB
 * @param cpus 1 to 64
 * @param pins for each vCPU a mask of the first 64 host CPUs it may run on; empty for any
 * @param devices at most {@link #MOST_DEVICES}; the machine closes them
 * @param console gets each byte the guest writes to its serial port, on a vCPU's thread
 */
public record MachineConfig(
    String name,
    long memory,
    MachineMemory.Backing backing,
    int cpus,
    List<Long> pins,
    BootFiles boot,
    List<Device> devices,
    IntConsumer console) {
  /** As many as there are interrupt lines that nobody else uses. */
  public static final int MOST_DEVICES = 17;

  public static final int MOST_CPUS = 64;

  /**
   * @throws VmmException INVALID naming what is out of range or does not go together
   */
  public MachineConfig {
    pins = List.copyOf(pins);
    devices = List.copyOf(devices);
    if (cpus < 1 || cpus > MOST_CPUS) {
      throw invalid(cpus + " vCPUs; 1 to " + MOST_CPUS + " are possible");
    }
    if (memory <= 0 || memory % Mapping.PAGE != 0) {
      throw invalid("memory of " + memory + " bytes; whole pages of 4 KiB are possible");
    }
    if (!pins.isEmpty() && pins.size() != cpus) {
      throw invalid(pins.size() + " pins for " + cpus + " vCPUs; give one for each or none");
    }
    if (pins.contains(0L)) {
      throw invalid("a vCPU pinned to no host CPU");
    }
    if (backing == MachineMemory.Backing.PRIVATE
        && devices.stream().anyMatch(ForeignDevice.class::isInstance)) {
      throw invalid("a device of another process needs memory that is SHARED");
    }
    if (devices.size() > MOST_DEVICES) {
      throw invalid(devices.size() + " devices; at most " + MOST_DEVICES + " are possible");
    }
  }

  private static VmmException invalid(String what) {
    return new VmmException(VmmException.Kind.INVALID, what);
  }
}
