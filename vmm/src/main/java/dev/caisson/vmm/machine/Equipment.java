/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.memory.MachineMemory;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The devices of a machine that runs one workload: those of its purpose, and beside them a control
 * port, an entropy source and a balloon that gives unused pages back.
 */
public final class Equipment implements AutoCloseable {
  private static final String CONTROL = "caisson.control";

  private final ConsolePort control = ConsolePort.named(CONTROL);
  private final List<Device> devices;
  private volatile @Nullable MachineMemory memory;

  /**
   * In the order the guest finds them.
   *
   * @param first for its files and disks
   * @param cards for its networks
   */
  public Equipment(List<? extends Device> first, List<? extends Device> cards) {
    List<Device> all = new ArrayList<>(first);
    all.add(new ConsoleDevice(List.of(control)));
    all.add(new EntropyDevice(new SecureRandom()));
    all.add(new BalloonDevice(this::release));
    all.addAll(cards);
    this.devices = List.copyOf(all);
  }

  /** For {@link MachineConfig}. */
  public List<Device> devices() {
    return devices;
  }

  /** The host's end of the control port. */
  public ConsolePort control() {
    return control;
  }

  /** Whose pages the guest gives back: before its machine is there, it has none. */
  public void serve(Machine machine) {
    memory = machine.memory();
  }

  private void release(MemorySegment pages) {
    MachineMemory known = memory;
    if (known != null) {
      known.discard(pages);
    }
  }

  /** Closes the devices; a machine that took them does so itself. */
  @Override
  public void close() {
    devices.reversed().forEach(Device::close);
  }
}
