/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.Capability;
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
import dev.caisson.vmm.memory.MemoryMap;
import dev.caisson.vmm.snapshot.DeviceState;
import dev.caisson.vmm.snapshot.MachineState;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
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
  private static final int INTERRUPT_CONTROLLERS = 3; // two PICs and the IOAPIC
  private static final String NO_THREAD =
      "no thread for a vCPU; raise the limit of tasks of the engine's service or control group";

  private final Kvm kvm;
  private final VirtualMachine machine;
  private final MachineMemory memory;
  private final Board board;
  private final Gate gate;
  private final List<VcpuThread> vcpus = new ArrayList<>();
  private final Deque<AutoCloseable> opened;
  private final AtomicReference<@Nullable MachineEnd> end = new AtomicReference<>();
  private final CompletableFuture<MachineEnd> ended = new CompletableFuture<>();
  private boolean closed;

  /** Brings the parts of a new machine to where its guest begins. */
  @FunctionalInterface
  private interface Beginning {
    void prepare(VirtualMachine machine, Board board, List<Vcpu> processors) throws IOException;
  }

  private Machine(
      Kvm kvm,
      MachineConfig config,
      MachineMemory memory,
      Beginning beginning,
      Deque<AutoCloseable> opened)
      throws IOException {
    this.kvm = kvm;
    this.opened = opened;
    this.gate = new Gate(config.cpus());
    this.memory = opened(memory);
    this.machine = opened(kvm.createMachine());
    machine.createInterruptControllers();
    memory.mapInto(machine);
    boolean readable = kvm.extension(Capability.READ_ONLY_MEMORY) > 0;
    this.board = opened(new Board(config, machine, memory, readable, this::end));
    List<Vcpu> processors = new ArrayList<>();
    for (int id = 0; id < config.cpus(); id++) {
      Vcpu vcpu = opened(machine.createVcpu(id));
      processors.add(vcpu);
      vcpus.add(
          new VcpuThread(
              config.name() + " vCPU " + id,
              vcpu,
              config.pins().isEmpty() ? 0 : config.pins().get(id),
              board,
              gate,
              this::end));
    }
    beginning.prepare(machine, board, processors);
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
    MachineMemory memory = MachineMemory.allocate(config.memory(), config.backing());
    return make(
        kvm,
        config,
        memory,
        (machine, board, processors) -> {
          EntryPoint entry = KernelLoader.load(memory, config.boot(), board.tables(config.cpus()));
          board.begin();
          Cpuid supported = kvm.supportedCpuid();
          for (Vcpu vcpu : processors) {
            vcpu.cpuid(supported.forVcpu(vcpu.id(), config.cpus()));
            // As firmware leaves them; a processor that lacks one refuses it.
            vcpu.modelRegisters(Map.of(MISC_ENABLE, FAST_STRINGS));
            vcpu.modelRegisters(Map.of(MEMORY_TYPES, WRITE_BACK_EVERYWHERE));
          }
          enter(processors.getFirst(), entry); // the others wait until it starts them
        });
  }

  /**
   * Puts a machine together that goes on where a snapshot stands; nothing runs yet. Its memory is
   * the snapshot's, copied page by page when written: clones share what they do not write.
   *
   * <p>The guest's clock goes on at the present: to it, as to a sleeper, the time between was
   * short. The guest is told by a virtual machine generation id that it is another one now; Linux
   * with a driver for that (CONFIG_VMGENID, since 5.18) then draws random numbers of its own, soon
   * after its processors run. In all else clones agree, hardware addresses included; whoever runs
   * more than one gives each what must differ before anything asks for it.
   *
   * @param config as the machine's that was saved, but for name, pins and console; its boot files
   *     are not read, its devices new ones of the same making
   * @throws VmmException BAD_IMAGE, INVALID when the snapshot is of another kind of machine, or
   *     HOST
   * @throws IOException when the memory file cannot be opened
   */
  public static Machine restore(Kvm kvm, MachineConfig config, Snapshot snapshot)
      throws IOException {
    MachineState state = snapshot.state();
    if (state.memory() != config.memory() || state.vcpus().size() != config.cpus()) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "the snapshot has %d bytes of memory and %d vCPUs, the description %d and %d"
              .formatted(state.memory(), state.vcpus().size(), config.memory(), config.cpus()));
    }
    if (state.memory() <= MemoryMap.FIRMWARE_END) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "the snapshot has " + state.memory() + " bytes of memory, less than any machine of ours");
    }
    if (config.backing() != MachineMemory.Backing.PRIVATE) {
      throw new VmmException(
          VmmException.Kind.INVALID, "the memory of a restored machine cannot be shared");
    }
    return make(
        kvm,
        config,
        snapshot.mapMemory(),
        (machine, board, processors) -> {
          for (int i = 0; i < processors.size(); i++) {
            processors.get(i).restore(state.vcpus().get(i));
          }
          state.interruptControllers().forEach(machine::interruptController);
          machine.clock(state.clockAt(Instant.now()));
          processors.forEach(Vcpu::stoodStill);
          board.restore(state.serial(), state.devices()); // last: devices raise interrupts
        });
  }

  private static Machine make(
      Kvm kvm, MachineConfig config, MachineMemory memory, Beginning beginning) throws IOException {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      return new Machine(kvm, config, memory, beginning, opened);
    } catch (KvmException | LinuxException e) {
      closeAll(opened);
      throw VmmException.refused(config.name(), e);
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
    try {
      vcpus.forEach(VcpuThread::start);
    } catch (OutOfMemoryError e) {
      end(new MachineEnd(MachineEnd.Kind.STOPPED, "the host has no thread for a vCPU"));
      throw new VmmException(VmmException.Kind.HOST, NO_THREAD + ": " + e.getMessage(), e);
    }
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

  public synchronized void resume() {
    gate.open();
  }

  /**
   * Keeps a paused machine in a directory, from which any number go on by {@link #restore}. This
   * one stays paused, and may be resumed.
   *
   * @param directory must not exist; it appears whole or not at all
   * @throws VmmException WRONG_STATE unless it is paused, HOST when one of its devices cannot be
   *     kept
   * @throws IOException when there is no room, or the directory exists
   */
  public synchronized Snapshot save(Path directory) throws IOException {
    if (closed || !gate.holdsAll()) {
      throw new VmmException(
          VmmException.Kind.WRONG_STATE, "only a paused machine can be saved; pause it first");
    }
    List<DeviceState> stopped = new ArrayList<>();
    try {
      board.slots().forEach(slot -> stopped.add(slot.suspend()));
      return Snapshot.write(directory, state(stopped), memory);
    } finally {
      for (int i = 0; i < stopped.size(); i++) {
        board.slots().get(i).resume(stopped.get(i));
      }
    }
  }

  /** With the devices stopped: their last interrupts have reached the controllers. */
  private MachineState state(List<DeviceState> devices) {
    List<Integer> registers = kvm.modelRegisters();
    return new MachineState(
        memory.size(),
        machine.clock(),
        MachineState.nanoseconds(Instant.now()),
        vcpus.stream().map(vcpu -> vcpu.save(registers)).toList(),
        IntStream.range(0, INTERRUPT_CONTROLLERS).mapToObj(machine::interruptController).toList(),
        board.serial().state(),
        devices);
  }

  /** How many vCPUs it has. */
  public int cpus() {
    return vcpus.size();
  }

  /**
   * Binds vCPUs to other host CPUs than {@link MachineConfig#pins} says, before it runs or while.
   *
   * @param masks for each vCPU, a mask of the first 64 host CPUs
   * @throws VmmException INVALID when the host has none of them for us; those before keep theirs
   */
  public void pin(List<Long> masks) {
    if (masks.size() != vcpus.size() || masks.contains(0L)) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "%d masks of host CPUs for %d vCPUs, or an empty one"
              .formatted(masks.size(), vcpus.size()));
    }
    try {
      for (int i = 0; i < vcpus.size(); i++) {
        vcpus.get(i).pin(masks.get(i));
      }
    } catch (LinuxException e) {
      throw new VmmException(
          VmmException.Kind.INVALID, "vCPUs cannot be bound: " + e.getMessage(), e);
    }
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
    try {
      Thread.ofPlatform().name("machine end").daemon().start(() -> finish(how));
    } catch (OutOfMemoryError noThread) {
      finish(how); // then on this one, which is done with the guest or was never in it
    }
  }

  private void finish(MachineEnd how) {
    vcpus.forEach(VcpuThread::join);
    ended.complete(how);
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

  static void closeAll(Deque<AutoCloseable> opened) {
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
