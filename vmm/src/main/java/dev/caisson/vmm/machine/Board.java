/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.VirtualMachine;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.transport.MmioTransport;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.acpi.AcpiTables;
import dev.caisson.vmm.acpi.Platform;
import dev.caisson.vmm.bus.Bus;
import dev.caisson.vmm.device.Generation;
import dev.caisson.vmm.device.PowerRegisters;
import dev.caisson.vmm.device.ResetLine;
import dev.caisson.vmm.device.SerialPort;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.snapshot.DeviceState;
import dev.caisson.vmm.snapshot.SerialState;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** Everything of a machine that answers when a vCPU reaches beyond its memory. */
final class Board implements AutoCloseable {
  private static final int POWER_PORTS = 3;

  private final Bus ports = new Bus();
  private final Bus registers = new Bus();
  private final SerialPort serial;
  private final EventCounter powerButton;
  private final Generation generation;
  private final List<DeviceSlot> slots = new ArrayList<>();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /**
   * @param readable whether the guest may be shown the devices' registers: reading them, as the
   *     handler of every interrupt does, then costs no exit
   * @param end told when the guest switches itself off or asks for a reset
   */
  Board(
      MachineConfig config,
      VirtualMachine machine,
      MachineMemory memory,
      boolean readable,
      Consumer<MachineEnd> end) {
    Runnable reset =
        () -> end.accept(new MachineEnd(MachineEnd.Kind.RESET, "the guest asked for a reset"));
    Runnable off =
        () ->
            end.accept(new MachineEnd(MachineEnd.Kind.POWER_OFF, "the guest switched itself off"));
    try {
      EventCounter serialInterrupt = opened(EventCounter.create());
      this.serial = new SerialPort(config.console(), serialInterrupt::signal);
      machine.interruptOn(serialInterrupt, Platform.SERIAL_LINE);
      this.powerButton = opened(EventCounter.create());
      machine.interruptOn(powerButton, Platform.EVENT_LINE);
      this.generation = opened(new Generation(memory.guest()));
      machine.interruptOn(generation.changed(), Platform.GENERATION_LINE);
      ports.add(Platform.SERIAL_PORT, Platform.SERIAL_PORTS, serial);
      ports.add(Platform.SLEEP_CONTROL, POWER_PORTS, new PowerRegisters(off, reset));
      ports.add(ResetLine.PORT, 1, new ResetLine(reset));
      long size = (long) MmioTransport.SIZE * Math.max(1, config.devices().size());
      MemorySegment pages = opened(Mapping.anonymous(size)).bytes();
      config.devices().forEach(device -> add(device, memory.guest(), machine, pages));
      if (readable && !slots.isEmpty()) {
        machine.mapReadOnly(memory.mappings().size(), DeviceSlot.FIRST, pages);
      }
    } catch (RuntimeException | Error e) {
      close(); // a host at the end of its descriptors, say: nothing stays half made
      throw e;
    }
  }

  private void add(Device device, GuestMemory memory, VirtualMachine machine, MemorySegment pages) {
    int size = MmioTransport.SIZE;
    MemorySegment page = pages.asSlice((long) size * slots.size(), size);
    var slot = opened(new DeviceSlot(slots.size(), device, memory, machine, page));
    slots.add(slot);
    registers.add(slot.registers().address(), slot.registers().size(), slot);
  }

  private <T extends AutoCloseable> T opened(T resource) {
    opened.push(resource);
    return resource;
  }

  Bus ports() {
    return ports;
  }

  Bus registers() {
    return registers;
  }

  SerialPort serial() {
    return serial;
  }

  List<DeviceSlot> slots() {
    return List.copyOf(slots);
  }

  /** Before a new machine runs. */
  void begin() {
    generation.draw();
  }

  /** Goes on from a snapshot, which the guest is told. */
  void restore(SerialState saved, List<DeviceState> devices) {
    if (devices.size() != slots.size()) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "the snapshot has %d devices, the description %d"
              .formatted(devices.size(), slots.size()));
    }
    for (int i = 0; i < slots.size(); i++) {
      slots.get(i).restore(devices.get(i));
    }
    serial.restore(saved);
    generation.drawAnew();
  }

  void pressPowerButton() {
    powerButton.signal();
  }

  AcpiTables tables(int cpus) {
    return AcpiTables.of(cpus, slots.stream().map(DeviceSlot::registers).toList());
  }

  @Override
  public void close() {
    Machine.closeAll(opened);
  }
}
