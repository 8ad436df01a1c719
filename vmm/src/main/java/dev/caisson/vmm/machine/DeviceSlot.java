/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.VirtualMachine;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.transport.MmioHost;
import dev.caisson.virtio.transport.MmioState;
import dev.caisson.virtio.transport.MmioTransport;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.acpi.AcpiTables.VirtioRegisters;
import dev.caisson.vmm.bus.Registers;
import dev.caisson.vmm.snapshot.DeviceState;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Where one virtio device is plugged in: its registers, its interrupt line, and what the kernel
 * does for it without asking us.
 */
final class DeviceSlot implements Registers, AutoCloseable {
  static final long FIRST = 0xd000_0000L;

  // Lines nobody else uses: those of the IOAPIC alone first, then those of a PC's old devices.
  private static final int[] LINES = {
    16, 17, 18, 19, 20, 21, 22, 23, 6, 7, 9, 10, 11, 12, 13, 14, 15
  };

  private final Device device;
  private final VirtioRegisters registers;
  private final EventCounter interrupt;
  private final EventCounter acknowledged;
  private final MmioTransport transport;

  /**
   * @param index 0 to 16
   * @param page what the guest sees of the registers
   */
  DeviceSlot(
      int index, Device device, GuestMemory memory, VirtualMachine machine, MemorySegment page) {
    this.device = device;
    this.registers =
        new VirtioRegisters(
            FIRST + (long) index * MmioTransport.SIZE, MmioTransport.SIZE, LINES[index]);
    List<EventCounter> counters = EventCounter.several(2, (counter, number) -> {});
    this.interrupt = counters.getFirst();
    this.acknowledged = counters.getLast();
    try {
      machine.interruptOn(interrupt, registers.line());
      // Swallowed by the kernel: acknowledging would otherwise cost an exit for each interrupt.
      machine.signalOnWrite(
          acknowledged,
          registers.address() + MmioTransport.INTERRUPT_ACKNOWLEDGE,
          MmioTransport.USED_BUFFER);
      this.transport = new MmioTransport(device, memory, new Host(machine), page);
    } catch (RuntimeException | Error e) {
      counters.forEach(EventCounter::close);
      throw e;
    }
  }

  private final class Host implements MmioHost {
    private final VirtualMachine machine;

    Host(VirtualMachine machine) {
      this.machine = machine;
    }

    @Override
    public EventCounter line() {
      return interrupt;
    }

    @Override
    public void doorbell(EventCounter counter, int queue) {
      machine.signalOnWrite(counter, registers.address() + MmioTransport.QUEUE_NOTIFY, queue);
    }
  }

  /**
   * Stops the device, the vCPUs standing still; {@link #resume} lets it go on.
   *
   * @throws VmmException HOST when it cannot be kept; it goes on then
   */
  DeviceState suspend() {
    if (device instanceof ForeignDevice) {
      throw new VmmException(
          VmmException.Kind.HOST, "its " + device.type() + " is another process's, which keeps it");
    }
    MmioState stopped = transport.suspend();
    try {
      byte[] remembered =
          device instanceof Restorable restorable ? restorable.state() : new byte[0];
      return new DeviceState(device.type(), stopped, remembered);
    } catch (VirtioException e) {
      transport.resume(stopped);
      throw new VmmException(VmmException.Kind.HOST, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * @throws VmmException BAD_IMAGE when that is not the state of such a device
   */
  void restore(DeviceState saved) {
    try {
      if (saved.type() != device.type()) {
        throw VirtioException.guest("state of a " + saved.type());
      }
      if (device instanceof Restorable restorable) {
        restorable.restore(saved.remembered());
      }
      transport.resume(saved.transport());
    } catch (VirtioException e) {
      throw new VmmException(
          VmmException.Kind.BAD_IMAGE,
          "the snapshot does not fit the %s at 0x%x: %s"
              .formatted(device.type(), registers.address(), e.getMessage()),
          e);
    }
  }

  void resume(DeviceState stopped) {
    transport.resume(stopped.transport());
  }

  static int most() {
    return LINES.length;
  }

  VirtioRegisters registers() {
    return registers;
  }

  MmioTransport transport() {
    return transport;
  }

  @Override
  public long read(long offset, int size) {
    return transport.read(offset, size);
  }

  @Override
  public void write(long offset, int size, long value) {
    transport.write(offset, size, value);
  }

  /** With the vCPUs gone. Closes the device too. */
  @Override
  public void close() {
    transport.close();
    device.close();
    interrupt.close();
    acknowledged.close();
  }
}
