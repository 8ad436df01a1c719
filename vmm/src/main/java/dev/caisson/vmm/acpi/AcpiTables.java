/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.acpi;

import dev.caisson.vmm.VmmException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The tables a kernel needs to find processors, interrupts, the serial port, virtio devices and the
 * power switch: ACPI's hardware-reduced model. ACPI 6.5, section 4.1
 *
 * @param start guest physical address of the RSDP, with which the bytes begin
 * @param bytes all tables, one behind the other
 */
public record AcpiTables(long start, byte[] bytes) {
  /** Below it a kernel also looks by itself; the area is reserved in every memory map. */
  public static final long PLACE = 0xe_0000L;

  private static final int LARGEST = 0x2_0000;
  private static final int ROOT_POINTER = 36;
  private static final int ALIGNMENT = 16;
  private static final int FADT = 276;
  private static final int NO_8042_VGA_CMOS = 0x24;
  private static final int POWER_BUTTON_IS_A_DEVICE = 1 << 4;
  private static final int SLEEP_BUTTON_IS_A_DEVICE = 1 << 5;
  private static final int RESET_REGISTER = 1 << 10;
  private static final int HARDWARE_REDUCED = 1 << 20;
  private static final int PORT_SPACE = 1;
  private static final int BYTE_ACCESS = 1;

  /**
   * One virtio device behind registers in memory.
   *
   * @param address guest physical, whole pages
   * @param line its interrupt
   */
  public record VirtioRegisters(long address, long size, int line) {}

  /**
   * @param cpus 1 to 254; processor n has APIC id n
   * @throws VmmException INVALID when the tables outgrow their place
   */
  public static AcpiTables of(int cpus, List<VirtioRegisters> devices) {
    List<byte[]> tables = new ArrayList<>();
    long at = aligned(PLACE + ROOT_POINTER);
    final long differentiated = at;
    byte[] dsdt = Table.of("DSDT", 2, definitions(devices));
    tables.add(dsdt);
    at = aligned(at + dsdt.length);
    final long fixed = at;
    tables.add(Table.of("FACP", 6, fixed(differentiated)));
    at = aligned(at + FADT);
    final long interrupts = at;
    byte[] madt = Table.of("APIC", 5, interrupts(cpus));
    tables.add(madt);
    at = aligned(at + madt.length);
    final long root = at;
    byte[] list = Table.of("XSDT", 1, words(fixed, interrupts));
    tables.add(list);
    long size = at + list.length - PLACE;
    if (size > LARGEST) {
      throw new VmmException(VmmException.Kind.INVALID, "ACPI tables of " + size + " bytes");
    }
    ByteBuffer all = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    all.put(rootPointer(root));
    for (byte[] table : tables) {
      all.position((int) (aligned(PLACE + all.position()) - PLACE));
      all.put(table);
    }
    return new AcpiTables(PLACE, all.array());
  }

  private static long aligned(long address) {
    return (address + ALIGNMENT - 1) & -ALIGNMENT;
  }

  private static byte[] words(long... addresses) {
    ByteBuffer words = ByteBuffer.allocate(8 * addresses.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long address : addresses) {
      words.putLong(address);
    }
    return words.array();
  }

  private static byte[] rootPointer(long root) {
    ByteBuffer pointer = ByteBuffer.allocate(ROOT_POINTER).order(ByteOrder.LITTLE_ENDIAN);
    pointer.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
    pointer.put(9, "CAISSN".getBytes(StandardCharsets.US_ASCII));
    pointer.put(15, (byte) 2).putInt(20, ROOT_POINTER).putLong(24, root);
    pointer.put(8, Table.checksum(pointer.array(), 20));
    pointer.put(32, Table.checksum(pointer.array(), ROOT_POINTER));
    return pointer.array();
  }

  /** FADT: no fixed hardware but the reset and sleep registers. */
  private static byte[] fixed(long differentiated) {
    ByteBuffer table = ByteBuffer.allocate(FADT).order(ByteOrder.LITTLE_ENDIAN);
    table.putShort(109, (short) NO_8042_VGA_CMOS);
    table.putInt(
        112,
        POWER_BUTTON_IS_A_DEVICE | SLEEP_BUTTON_IS_A_DEVICE | RESET_REGISTER | HARDWARE_REDUCED);
    port(table, 116, Platform.RESET);
    table.put(128, (byte) Platform.RESET_VALUE);
    table.put(131, (byte) 5); // minor version
    table.putLong(140, differentiated);
    port(table, 244, Platform.SLEEP_CONTROL);
    port(table, 256, Platform.SLEEP_STATUS);
    table.put(268, "CAISSON\0".getBytes(StandardCharsets.US_ASCII));
    byte[] body = new byte[FADT - Table.HEADER];
    table.get(Table.HEADER, body);
    return body;
  }

  /** A generic address of one byte in port space. */
  private static void port(ByteBuffer table, int at, int port) {
    table.put(at, (byte) PORT_SPACE).put(at + 1, (byte) 8).put(at + 3, (byte) BYTE_ACCESS);
    table.putLong(at + 4, port);
  }

  /** MADT: a local APIC for each processor, and one IOAPIC. */
  private static byte[] interrupts(int cpus) {
    ByteBuffer table = ByteBuffer.allocate(8 + 8 * cpus + 12).order(ByteOrder.LITTLE_ENDIAN);
    table.putInt((int) Platform.LOCAL_INTERRUPTS).putInt(0);
    for (int cpu = 0; cpu < cpus; cpu++) {
      table.put((byte) 0).put((byte) 8).put((byte) cpu).put((byte) cpu).putInt(1);
    }
    table.put((byte) 1).put((byte) 12).put((byte) 0).put((byte) 0);
    table.putInt((int) Platform.IO_INTERRUPTS).putInt(0);
    return table.array();
  }

  /** DSDT: serial port, power button, virtio devices, and how to switch off. */
  private static byte[] definitions(List<VirtioRegisters> devices) {
    List<byte[]> bus = new ArrayList<>();
    bus.add(serialPort());
    bus.add(Aml.device("PWRB", hardware("PNP0C0C"), Aml.name("_UID", Aml.integer(0))));
    bus.add(generation());
    bus.add(eventDevice());
    for (int i = 0; i < devices.size(); i++) {
      bus.add(virtio(i, devices.get(i)));
    }
    byte[] off = Aml.integer(Platform.SLEEP_TYPE_OFF);
    return Aml.join(Aml.scope("\\_SB", Aml.join(bus)), Aml.name("\\_S5", Aml.list(off, off)));
  }

  private static byte[] hardware(String plugAndPlay) {
    return Aml.name("_HID", Aml.plugAndPlay(plugAndPlay));
  }

  private static byte[] serialPort() {
    return Aml.device(
        "COM1",
        hardware("PNP0501"),
        Aml.name("_UID", Aml.integer(0)),
        Aml.name(
            "_CRS",
            Aml.resources(
                Aml.ports(Platform.SERIAL_PORT, Platform.SERIAL_PORTS),
                Aml.legacyInterrupt(Platform.SERIAL_LINE))));
  }

  /**
   * A number that is another one in each machine that goes on from a snapshot. Linux knows it by
   * the compatible ids. Microsoft, "Virtual Machine Generation ID"
   */
  private static byte[] generation() {
    return Aml.device(
        "VGEN",
        Aml.name("_HID", Aml.string("CAIS0001")),
        Aml.name("_CID", Aml.list(Aml.string("VMGENCTR"), Aml.string("VM_Gen_Counter"))),
        Aml.name("_DDN", Aml.string("VM_Gen_Counter")),
        Aml.name("ADDR", Aml.list(Aml.integer(Platform.GENERATION), Aml.integer(0))));
  }

  /** The generic event device: its interrupts mean a pressed power button, or another number. */
  private static byte[] eventDevice() {
    return Aml.device(
        "GED",
        Aml.name("_HID", Aml.string("ACPI0013")),
        Aml.name("_UID", Aml.integer(0)),
        Aml.name(
            "_CRS",
            Aml.resources(
                Aml.interrupt(Platform.EVENT_LINE), Aml.interrupt(Platform.GENERATION_LINE))),
        Aml.serializedMethod(
            "_EVT",
            1,
            Aml.ifArgument(Platform.EVENT_LINE, Aml.notify("\\_SB.PWRB", 0x80)),
            Aml.ifArgument(Platform.GENERATION_LINE, Aml.notify("\\_SB.VGEN", 0x80))));
  }

  private static byte[] virtio(int index, VirtioRegisters device) {
    return Aml.device(
        "V%03X".formatted(index),
        Aml.name("_HID", Aml.string("LNRO0005")),
        Aml.name("_UID", Aml.integer(index)),
        Aml.name("_CCA", Aml.integer(1)),
        Aml.name(
            "_CRS",
            Aml.resources(Aml.memory(device.address, device.size), Aml.interrupt(device.line))));
  }
}
