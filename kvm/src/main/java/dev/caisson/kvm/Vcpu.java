/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.device.Ioctl;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.linux.process.NativeThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One virtual processor. It belongs to one platform thread, which runs it; only {@link #kick} may
 * be called from others.
 */
public final class Vcpu implements AutoCloseable {
  // struct kvm_run
  private static final int MOST_NOT_YET = 16;
  private static final int RUNNABLE = 0; // KVM_MP_STATE_RUNNABLE
  private static final int IMMEDIATE_EXIT = 1;
  private static final int EXIT_REASON = 8;
  private static final int DETAIL = 32;
  // Direction and size in a byte each, the port in two, the count in four: read at once, since
  // accesses to memory are most of what an exit costs us.
  private static final int IO = DETAIL;
  private static final int IO_OFFSET = DETAIL + 8;
  private static final int MMIO_DATA = DETAIL + 8;
  // The length in four bytes, then whether it is a write in one.
  private static final int MMIO_KIND = DETAIL + 16;

  private static final int REASON_IO = 2;
  private static final int REASON_HLT = 5;
  private static final int REASON_MMIO = 6;
  private static final int REASON_SHUTDOWN = 8;
  private static final int REASON_FAIL_ENTRY = 9;
  private static final int REASON_INTR = 10;
  private static final int REASON_INTERNAL = 17;
  private static final int REASON_SYSTEM_EVENT = 24;

  static final int REGISTERS_SIZE = 144;
  static final int SPECIAL_REGISTERS_SIZE = 312;

  private final Fd vcpu;
  private final int id;
  private final Mapping run;
  private final MemorySegment state;
  private volatile @Nullable NativeThread thread;
  private boolean pending;
  private int notYet; // answers of EAGAIN in a row
  private @Nullable Cpuid cpuid;

  Vcpu(Fd vcpu, int id, long runSize) {
    this.vcpu = vcpu;
    this.id = id;
    this.run = Mapping.ofDevice(vcpu, 0, runSize);
    this.state = run.bytes();
  }

  /** Its number among the vCPUs of its machine, from 0. */
  public int id() {
    return id;
  }

  /**
   * Binds the vCPU to the calling platform thread, which alone may run it.
   *
   * @return that thread, by which it can be bound to processors of the host
   */
  public NativeThread enter() {
    NativeThread current = NativeThread.ofCurrentThread();
    thread = current;
    return current;
  }

  /** Makes the current or next {@link #run} end with {@link Exit.Interrupted}. */
  public void kick() {
    state.set(ValueLayout.JAVA_BYTE, IMMEDIATE_EXIT, (byte) 1);
    NativeThread target = thread;
    if (target != null) {
      target.kick();
    }
  }

  /** Runs the guest until something must be done for it. Finishes the I/O of the exit before. */
  public Exit run() {
    long result = Ioctl.attempt(vcpu, Request.RUN, 0);
    if (result < 0) {
      Errno errno = Errno.of((int) -result);
      notYet = errno == Errno.EAGAIN ? notYet + 1 : 0;
      if (errno == Errno.EINTR || (errno == Errno.EAGAIN && !cannotBegin())) {
        // Before the caller looks at why it was kicked: a kick that comes now counts again.
        state.set(ValueLayout.JAVA_BYTE, IMMEDIATE_EXIT, (byte) 0);
        return new Exit.Interrupted();
      }
      throw KvmException.failed(new LinuxException("KVM_RUN", "vCPU " + id, errno));
    }
    notYet = 0;
    pending = true;
    return exit();
  }

  /** A processor that waits to be started says so too; one that runs is refused a kernel thread. */
  private boolean cannotBegin() {
    return notYet > MOST_NOT_YET && state(VcpuPart.RUN_STATE)[0] == RUNNABLE;
  }

  private Exit exit() {
    int reason = state.get(ValueLayout.JAVA_INT, EXIT_REASON);
    return switch (reason) {
      case REASON_IO -> portExit();
      case REASON_MMIO -> memoryExit();
      case REASON_HLT -> new Exit.Halted();
      case REASON_SHUTDOWN -> new Exit.Shutdown();
      case REASON_INTR -> new Exit.Interrupted();
      case REASON_FAIL_ENTRY -> new Exit.EntryFailed(state.get(ValueLayout.JAVA_LONG, DETAIL));
      case REASON_INTERNAL -> new Exit.InternalError(state.get(ValueLayout.JAVA_INT, DETAIL));
      case REASON_SYSTEM_EVENT -> new Exit.SystemEvent(state.get(ValueLayout.JAVA_INT, DETAIL));
      default -> new Exit.Unknown(reason);
    };
  }

  private Exit portExit() {
    long access = state.get(ValueLayout.JAVA_LONG, IO);
    boolean write = (access & 0xff) == 1;
    int size = (int) (access >>> 8) & 0xff;
    int port = (int) (access >>> 16) & 0xffff;
    int count = (int) (access >>> 32);
    if (count != 1) {
      return new Exit.PortString(port, size, count, write);
    }
    return write
        ? new Exit.PortWrite(port, size, (int) value(ioOffset(0, size), size))
        : new Exit.PortRead(port, size);
  }

  private Exit memoryExit() {
    long address = state.get(ValueLayout.JAVA_LONG, DETAIL);
    long kind = state.get(ValueLayout.JAVA_LONG, MMIO_KIND);
    int size = (int) kind;
    boolean write = (kind >>> 32 & 0xff) != 0;
    return write
        ? new Exit.MemoryWrite(address, size, value(MMIO_DATA, size))
        : new Exit.MemoryRead(address, size);
  }

  private long ioOffset(int index, int size) {
    return state.get(ValueLayout.JAVA_LONG, IO_OFFSET) + (long) index * size;
  }

  private long value(long offset, int size) {
    return switch (size) {
      case 1 -> Byte.toUnsignedLong(state.get(ValueLayout.JAVA_BYTE, offset));
      case 2 -> Short.toUnsignedLong(state.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
      case 4 -> Integer.toUnsignedLong(state.get(ValueLayout.JAVA_INT_UNALIGNED, offset));
      default -> bytes(offset, size);
    };
  }

  private long bytes(long offset, int size) {
    long value = 0;
    for (int i = Math.min(size, 8) - 1; i >= 0; i--) {
      value = (value << 8) | Byte.toUnsignedLong(state.get(ValueLayout.JAVA_BYTE, offset + i));
    }
    return value;
  }

  private void value(long offset, int size, long value) {
    switch (size) {
      case 1 -> state.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> state.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
      case 4 -> state.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (int) value);
      default -> {
        for (int i = 0; i < Math.min(size, 8); i++) {
          state.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (value >>> (8 * i)));
        }
      }
    }
  }

  /** What a {@link Exit.PortRead} or {@link Exit.MemoryRead} gets; taken by the next run. */
  public void answer(Exit read, long value) {
    switch (read) {
      case Exit.PortRead port -> value(ioOffset(0, port.size()), port.size(), value);
      case Exit.MemoryRead memory -> value(MMIO_DATA, memory.size(), value);
      default -> throw new IllegalArgumentException(read + " asks for nothing");
    }
  }

  /** One value of a {@link Exit.PortString} that writes. */
  public int written(Exit.PortString string, int index) {
    return (int) value(ioOffset(index, string.size()), string.size());
  }

  /** One value for a {@link Exit.PortString} that reads. */
  public void answer(Exit.PortString string, int index, int value) {
    value(ioOffset(index, string.size()), string.size(), value);
  }

  /**
   * Finishes the last exit's instruction without running further, so that registers are whole. The
   * kernel does it on entry: enter with the order to leave at once.
   */
  private void settle() {
    if (!pending) {
      return;
    }
    pending = false;
    state.set(ValueLayout.JAVA_BYTE, IMMEDIATE_EXIT, (byte) 1);
    Ioctl.attempt(vcpu, Request.RUN, 0);
    state.set(ValueLayout.JAVA_BYTE, IMMEDIATE_EXIT, (byte) 0);
  }

  /** The general registers, while it does not run. KVM_GET_REGS */
  public Registers registers() {
    settle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registers = arena.allocate(REGISTERS_SIZE, 8);
      call("KVM_GET_REGS", Request.GET_REGS, registers);
      return Registers.of(registers.toArray(ValueLayout.JAVA_LONG));
    }
  }

  /** Sets the general registers, while it does not run. KVM_SET_REGS */
  public void registers(Registers wanted) {
    settle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registers = arena.allocate(REGISTERS_SIZE, 8);
      registers.copyFrom(MemorySegment.ofArray(wanted.values()));
      call("KVM_SET_REGS", Request.SET_REGS, registers);
    }
  }

  /** Segments, tables and control registers, while it does not run. KVM_GET_SREGS */
  public SpecialRegisters specialRegisters() {
    settle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registers = arena.allocate(SPECIAL_REGISTERS_SIZE, 8);
      call("KVM_GET_SREGS", Request.GET_SREGS, registers);
      return new SpecialRegisters(registers.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** Sets segments, tables and control registers, while it does not run. KVM_SET_SREGS */
  public void specialRegisters(SpecialRegisters wanted) {
    settle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registers = arena.allocate(SPECIAL_REGISTERS_SIZE, 8);
      registers.copyFrom(MemorySegment.ofArray(wanted.bytes()));
      call("KVM_SET_SREGS", Request.SET_SREGS, registers);
    }
  }

  /** Before the first run. */
  public void cpuid(Cpuid told) {
    try (Arena arena = Arena.ofConfined()) {
      call("KVM_SET_CPUID2", Request.SET_CPUID2, told.write(arena));
    }
    cpuid = told;
  }

  /**
   * Everything the guest can see of the vCPU, which must not run meanwhile.
   *
   * @param numbers the model-specific registers to keep: {@link Kvm#modelRegisters()}
   */
  public VcpuState save(List<Integer> numbers) {
    Map<VcpuPart, byte[]> parts = new EnumMap<>(VcpuPart.class);
    for (VcpuPart part : VcpuPart.values()) {
      parts.put(part, state(part));
    }
    return new VcpuState(
        cpuid == null ? new Cpuid(List.of()) : cpuid,
        exchanged("KVM_GET_REGS", Request.GET_REGS, new byte[REGISTERS_SIZE]),
        exchanged("KVM_GET_SREGS", Request.GET_SREGS, new byte[SPECIAL_REGISTERS_SIZE]),
        parts,
        modelRegisters(numbers));
  }

  /** Becomes what {@link #save} saw. Before the first run. */
  public void restore(VcpuState saved) {
    cpuid(saved.cpuid().withoutVirtualization()); // whatever the snapshot says
    exchanged("KVM_SET_SREGS", Request.SET_SREGS, saved.specialRegisters());
    exchanged("KVM_SET_REGS", Request.SET_REGS, saved.registers());
    for (VcpuPart part : VcpuPart.values()) {
      if (part == VcpuPart.EVENTS) {
        restoreModelRegisters(saved.modelRegisters()); // their timer needs the local controller
      }
      state(part, Objects.requireNonNull(saved.parts().get(part)));
    }
  }

  /**
   * Tells the guest's watchdogs that it did not hang but was stopped, if it has the para-virtual
   * clock. After {@link #restore}.
   */
  public void stoodStill() {
    settle();
    Ioctl.attempt(vcpu, Request.KVMCLOCK_CTRL, 0); // refused when the guest set no such clock up
  }

  /** Leaves out those that can be read only: the kernel stops at each. */
  private void restoreModelRegisters(Map<Integer, Long> wanted) {
    var left = new ArrayList<>(wanted.entrySet());
    while (!left.isEmpty()) {
      Map<Integer, Long> batch = new TreeMap<>(Integer::compareUnsigned);
      left.forEach(register -> batch.put(register.getKey(), register.getValue()));
      left = new ArrayList<>(batch.entrySet()); // in the order they are written
      int taken = modelRegisters(batch);
      left.subList(0, Math.min(left.size(), taken + 1)).clear();
    }
  }

  /** One part of the state, as the kernel keeps it. */
  public byte[] state(VcpuPart part) {
    settle();
    return exchanged("KVM_GET " + part, part.get(), new byte[part.size()]);
  }

  /** Puts back what {@link #state(VcpuPart)} gave. */
  public void state(VcpuPart part, byte[] wanted) {
    settle();
    if (wanted.length != part.size()) {
      throw new IllegalArgumentException(wanted.length + " bytes are no " + part);
    }
    exchanged("KVM_SET " + part, part.set(), wanted);
  }

  /** The values of those of these model-specific registers that can be read. */
  public Map<Integer, Long> modelRegisters(List<Integer> numbers) {
    settle();
    Map<Integer, Long> values = new TreeMap<>(Integer::compareUnsigned);
    int from = 0;
    while (from < numbers.size()) {
      byte[] list = ModelRegisters.request(numbers.subList(from, numbers.size()));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment request = arena.allocate(list.length, 8);
        request.copyFrom(MemorySegment.ofArray(list));
        int count = (int) count("KVM_GET_MSRS", Request.GET_MSRS, request);
        values.putAll(ModelRegisters.values(request.toArray(ValueLayout.JAVA_BYTE), count));
        from += count + 1; // the kernel stops at one it refuses
      }
    }
    return values;
  }

  /** Answers how many were taken; the kernel stops at one it refuses. */
  public int modelRegisters(Map<Integer, Long> wanted) {
    settle();
    byte[] list = ModelRegisters.of(wanted);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(list.length, 8);
      request.copyFrom(MemorySegment.ofArray(list));
      return (int) count("KVM_SET_MSRS", Request.SET_MSRS, request);
    }
  }

  private byte[] exchanged(String name, long request, byte[] structure) {
    try {
      return Ioctl.exchanged(name, vcpu, request, structure);
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  private long count(String name, long request, MemorySegment structure) {
    try {
      return Ioctl.checked(name, vcpu, request, structure);
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  private void call(String name, long request, MemorySegment structure) {
    try {
      Ioctl.checked(name, vcpu, request, structure);
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  /** By its own thread, or after that has ended. */
  @Override
  public void close() {
    thread = null;
    run.close();
    vcpu.close();
  }
}
