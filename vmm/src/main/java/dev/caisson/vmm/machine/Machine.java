/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.Cpuid;
import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.KvmException;
import dev.caisson.kvm.Registers;
import dev.caisson.kvm.Vcpu;
import dev.caisson.kvm.VirtualMachine;
import dev.caisson.linux.LinuxException;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.EntryPoint;
import dev.caisson.vmm.boot.KernelLoader;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One virtual machine on /dev/kvm that boots a Linux kernel. All methods may be called from any
 * thread.
 *
 * <p>A machine runs once: a guest that asks for a reset ends with {@link MachineEnd.Kind#RESET},
 * and who wants it again makes another from the same {@link MachineConfig}.
 */
public final class Machine implements AutoCloseable {
  private static final int MISC_ENABLE = 0x1a0;
  private static final long FAST_STRINGS = 1;
  private static final int MEMORY_TYPES = 0x2ff;
  private static final long WRITE_BACK_EVERYWHERE = 0x806;

  private final MachineMemory memory;
  private final Board board;
  private final Gate gate;
  private final List<VcpuThread> vcpus = new ArrayList<>();
  private final Deque<AutoCloseable> opened;
  private final AtomicReference<@Nullable MachineEnd> end = new AtomicReference<>();
  private final CompletableFuture<MachineEnd> ended = new CompletableFuture<>();
  private boolean closed;

  private Machine(Kvm kvm, MachineConfig config, Deque<AutoCloseable> opened) throws IOException {
    this.opened = opened;
    this.gate = new Gate(config.cpus());
    this.memory = opened(MachineMemory.allocate(config.memory(), config.backing()));
    VirtualMachine machine = opened(kvm.createMachine());
    machine.createInterruptControllers();
    memory.mapInto(machine);
    this.board = opened(new Board(config, machine, memory, this::end));
    EntryPoint entry = KernelLoader.load(memory, config.boot(), board.tables(config.cpus()));
    Cpuid supported = kvm.supportedCpuid();
    for (int id = 0; id < config.cpus(); id++) {
      Vcpu vcpu = opened(machine.createVcpu(id));
      vcpu.cpuid(supported.forVcpu(id, config.cpus()));
      // As firmware leaves them; a processor that lacks one refuses it.
      vcpu.modelRegisters(Map.of(MISC_ENABLE, FAST_STRINGS));
      vcpu.modelRegisters(Map.of(MEMORY_TYPES, WRITE_BACK_EVERYWHERE));
      if (id == 0) {
        enter(vcpu, entry); // the others wait until it starts them
      }
      vcpus.add(
          new VcpuThread(
              config.name() + " vCPU " + id,
              vcpu,
              config.pins().isEmpty() ? 0 : config.pins().get(id),
              board.ports(),
              board.registers(),
              gate,
              this::end));
    }
  }

  /**
   * Puts a machine together and loads its kernel; nothing runs yet.
   *
   * <p>From here on the machine owns the devices; when it cannot be made, they stay the caller's
   * unless they were plugged in already, and closing them again does no harm.
   *
   * @throws VmmException BAD_IMAGE, INVALID or HOST with the remedy
   * @throws IOException when a boot file cannot be read
   */
  public static Machine create(Kvm kvm, MachineConfig config) throws IOException {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      return new Machine(kvm, config, opened);
    } catch (KvmException | LinuxException e) {
      closeAll(opened);
      throw new VmmException(
          VmmException.Kind.HOST, config.name() + " cannot be made: " + e.getMessage(), e);
    } catch (IOException | RuntimeException | Error e) {
      closeAll(opened);
      throw e;
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    opened.push(resource);
    return resource;
  }

  private static void enter(Vcpu vcpu, EntryPoint entry) {
    switch (entry.mode()) {
      case PVH -> {
        vcpu.specialRegisters(vcpu.specialRegisters().flat32());
        vcpu.registers(Registers.entry(entry.address(), entry.argument(), 0));
      }
      case LONG -> {
        vcpu.specialRegisters(vcpu.specialRegisters().long64(EntryPoint.PAGE_TABLES));
        vcpu.registers(Registers.entry(entry.address(), 0, entry.argument()));
      }
    }
  }

  /**
   * Lets the vCPUs run.
   *
   * @throws VmmException WRONG_STATE the second time, or after the end
   */
  public synchronized void start() {
    if (end.get() != null || vcpus.getFirst().started()) {
      throw new VmmException(VmmException.Kind.WRONG_STATE, "the machine was started before");
    }
    vcpus.forEach(VcpuThread::start);
  }

  /** Completes, never exceptionally, when no vCPU runs any more and none will. */
  public CompletableFuture<MachineEnd> ended() {
    return ended.copy();
  }

  /**
   * Returns when no vCPU runs guest code. Devices go on with what they were asked for.
   *
   * @throws VmmException WRONG_STATE after the end
   */
  public void pause() throws InterruptedException {
    if (!gate.close()) {
      throw new VmmException(VmmException.Kind.WRONG_STATE, "the machine has ended");
    }
    kick();
    gate.awaitAll();
  }

  public void resume() {
    gate.open();
  }

  /** Asks the guest to shut down, as the button of a PC does; it may ignore that. */
  public synchronized void pressPowerButton() {
    if (!closed) {
      board.pressPowerButton();
    }
  }

  /** Bytes for the guest's serial port; answers how many found room. */
  public int type(byte[] bytes) {
    synchronized (this) {
      return closed ? 0 : board.serial().receive(bytes);
    }
  }

  /** The guest's memory; gone with {@link #close}. */
  public MachineMemory memory() {
    return memory;
  }

  /** Host CPU time of the vCPUs so far; 0 after the end. */
  public Duration cpuTime() {
    return vcpus.stream().map(VcpuThread::cpuTime).reduce(Duration.ZERO, Duration::plus);
  }

  /** Bytes of host memory that the guest's memory holds now. */
  public synchronized long memoryUse() {
    return closed ? 0 : memory.resident();
  }

  private void end(MachineEnd how) {
    if (!end.compareAndSet(null, how)) {
      return;
    }
    gate.demolish();
    kick();
    // Apart from the vCPU that found the end: whoever waits for it may close the machine.
    Thread.ofPlatform()
        .name("machine end")
        .daemon()
        .start(() -> {
          vcpus.forEach(VcpuThread::join);
          ended.complete(how);
        });
  }

  private synchronized void kick() {
    if (!closed) {
      vcpus.forEach(VcpuThread::kick);
    }
  }

  /** Ends the guest at once, if it has not ended, and frees everything. */
  @Override
  public void close() {
    end(new MachineEnd(MachineEnd.Kind.STOPPED, "it was stopped"));
    ended.join();
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    closeAll(opened);
  }

  private static void closeAll(Deque<AutoCloseable> opened) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        System.getLogger(Machine.class.getName())
            .log(System.Logger.Level.WARNING, "a part of a machine did not close", e);
      }
    }
  }
}
