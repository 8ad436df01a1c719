/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.device.Ioctl;
import dev.caisson.linux.io.EventCounter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One virtual machine: memory, interrupt controllers and vCPUs, no devices. */
public final class VirtualMachine implements AutoCloseable {
  /**
   * Guest physical addresses, up to {@link #KVM_END}, where KVM keeps a page for the identity map
   * and three for the task segment: Intel's processors without "unrestricted guest" run real mode
   * with them. No memory of a guest may be there. KVM_SET_TSS_ADDR, KVM_SET_IDENTITY_MAP_ADDR
   */
  public static final long KVM_START = 0xfffbc000L;

  public static final long KVM_END = 0xfffc0000L;
  private static final long IDENTITY_MAP = KVM_START;
  private static final long TSS = KVM_START + 0x1000;
  private static final int READ_ONLY = 1 << 1; // KVM_MEM_READONLY
  private static final int DATAMATCH = 1;
  private static final int PORT_IO = 2;
  private static final int INTERRUPT_CONTROLLER = 520;
  private static final int CLOCK = 48;

  private final Fd machine;
  private final long runSize;

  VirtualMachine(Fd machine, long runSize) {
    this.machine = machine;
    this.runSize = runSize;
  }

  /**
   * Puts host memory at a guest physical address.
   *
   * @param slot number of the region, from 0 on; one slot holds one region
   * @param memory native, page-aligned; outlives the machine
   * @throws IllegalArgumentException where KVM has its own pages
   */
  public void map(int slot, long guestAddress, MemorySegment memory) {
    map(slot, guestAddress, memory, 0);
  }

  /**
   * The same, but what the guest writes there leaves it as a write to a device does; where the
   * kernel has {@link Capability#READ_ONLY_MEMORY}.
   */
  public void mapReadOnly(int slot, long guestAddress, MemorySegment memory) {
    map(slot, guestAddress, memory, READ_ONLY);
  }

  private void map(int slot, long guestAddress, MemorySegment memory, int flags) {
    if (guestAddress < KVM_END && guestAddress + memory.byteSize() > KVM_START) {
      throw new IllegalArgumentException(
          "memory at 0x%x would cover pages of KVM's own".formatted(guestAddress));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment region = arena.allocate(32, 8); // struct kvm_userspace_memory_region
      region.set(ValueLayout.JAVA_INT, 0, slot);
      region.set(ValueLayout.JAVA_INT, 4, flags);
      region.set(ValueLayout.JAVA_LONG, 8, guestAddress);
      region.set(ValueLayout.JAVA_LONG, 16, memory.byteSize());
      region.set(ValueLayout.JAVA_LONG, 24, memory.address());
      call("KVM_SET_USER_MEMORY_REGION", Request.SET_USER_MEMORY_REGION, region.address());
    }
  }

  /**
   * In-kernel interrupt controllers; before the first vCPU. Sets what Intel needs for real mode.
   */
  public void createInterruptControllers() {
    call("KVM_SET_TSS_ADDR", Request.SET_TSS_ADDR, TSS);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(8, 8);
      address.set(ValueLayout.JAVA_LONG, 0, IDENTITY_MAP);
      call("KVM_SET_IDENTITY_MAP_ADDR", Request.SET_IDENTITY_MAP_ADDR, address.address());
    }
    call("KVM_CREATE_IRQCHIP", Request.CREATE_IRQCHIP, 0);
  }

  /** Each signal of the counter becomes an edge on the line, without leaving the kernel. */
  public void interruptOn(EventCounter counter, int line) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment irqfd = arena.allocate(32, 8); // struct kvm_irqfd
      irqfd.set(ValueLayout.JAVA_INT, 0, counter.fd().number());
      irqfd.set(ValueLayout.JAVA_INT, 4, line);
      call("KVM_IRQFD", Request.IRQFD, irqfd.address());
    }
  }

  /**
   * A 4-byte write of {@code value} to a guest physical address signals the counter and no more.
   */
  public void signalOnWrite(EventCounter counter, long guestAddress, int value) {
    ioEvent(counter, guestAddress, 4, value, DATAMATCH);
  }

  /** A 1-byte write of {@code value} to a port signals the counter and no more. */
  public void signalOnPort(EventCounter counter, int port, int value) {
    ioEvent(counter, port, 1, value, DATAMATCH | PORT_IO);
  }

  private void ioEvent(EventCounter counter, long address, int length, int value, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(64, 8); // struct kvm_ioeventfd
      event.set(ValueLayout.JAVA_LONG, 0, Integer.toUnsignedLong(value));
      event.set(ValueLayout.JAVA_LONG, 8, address);
      event.set(ValueLayout.JAVA_INT, 16, length);
      event.set(ValueLayout.JAVA_INT, 20, counter.fd().number());
      event.set(ValueLayout.JAVA_INT, 24, flags);
      call("KVM_IOEVENTFD", Request.IOEVENTFD, event.address());
    }
  }

  /**
   * State of an in-kernel interrupt controller. struct kvm_irqchip
   *
   * @param chip 0 and 1 the two PICs, 2 the IOAPIC
   */
  public byte[] interruptController(int chip) {
    byte[] request = new byte[INTERRUPT_CONTROLLER];
    request[0] = (byte) chip;
    return exchanged("KVM_GET_IRQCHIP", Request.GET_IRQCHIP, request);
  }

  /** Puts back what {@link #interruptController(int)} gave. */
  public void interruptController(byte[] state) {
    if (state.length != INTERRUPT_CONTROLLER) {
      throw new IllegalArgumentException(state.length + " bytes are no struct kvm_irqchip");
    }
    exchanged("KVM_SET_IRQCHIP", Request.SET_IRQCHIP, state);
  }

  /** Nanoseconds that the guest's para-virtual clock has counted. struct kvm_clock_data */
  public long clock() {
    byte[] answer = exchanged("KVM_GET_CLOCK", Request.GET_CLOCK, new byte[CLOCK]);
    return ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  /** Lets the para-virtual clock go on from there. */
  public void clock(long nanoseconds) {
    ByteBuffer data = ByteBuffer.allocate(CLOCK).order(ByteOrder.LITTLE_ENDIAN);
    exchanged("KVM_SET_CLOCK", Request.SET_CLOCK, data.putLong(0, nanoseconds).array());
  }

  private byte[] exchanged(String name, long request, byte[] structure) {
    try {
      return Ioctl.exchanged(name, machine, request, structure);
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  /**
   * @param id also its APIC id, from 0 on
   */
  public Vcpu createVcpu(int id) {
    Fd vcpu = Fd.adopt(call("KVM_CREATE_VCPU", Request.CREATE_VCPU, id));
    try {
      return new Vcpu(vcpu, id, runSize);
    } catch (LinuxException e) {
      vcpu.close();
      throw KvmException.failed(e);
    }
  }

  private long call(String name, long request, long argument) {
    try {
      return Ioctl.checked(name, machine, request, argument);
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  @Override
  public void close() {
    machine.close();
  }
}
