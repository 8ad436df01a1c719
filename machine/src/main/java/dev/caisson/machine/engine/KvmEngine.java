/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.KvmException;
import dev.caisson.linux.LinuxException;
import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.ConsoleLog;
import dev.caisson.vmm.machine.Equipment;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.snapshot.MachineState;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Our own hypervisor, in this process. Only where the processor says that it can: a /dev/kvm that
 * opens may belong to one that interprets kernels instruction by instruction.
 */
public final class KvmEngine implements MachineEngine {
  private static final Path DEVICE = Path.of("/dev/kvm");

  private final HardwareVirtualization hardware;
  private @Nullable Kvm kvm;

  public KvmEngine() {
    this(new HardwareVirtualization());
  }

  /**
   * @param processor as /proc/cpuinfo describes it
   */
  KvmEngine(Path processor) {
    this(new HardwareVirtualization(processor, DEVICE));
  }

  private KvmEngine(HardwareVirtualization hardware) {
    this.hardware = hardware;
  }

  @Override
  public String name() {
    return "kvm";
  }

  @Override
  public boolean ownProcess() {
    return false;
  }

  @Override
  public String transportModule() {
    return "virtio_mmio";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    return hardware.missing();
  }

  private synchronized Kvm kvm() {
    Kvm open = kvm;
    if (open == null) {
      open = Kvm.open();
      kvm = open;
    }
    return open;
  }

  @Override
  public RunningMachine start(MachineSpec spec) {
    return run(
        spec, parts -> Machine.create(kvm(), config(spec, spec.memory(), spec.cpus(), parts)));
  }

  @Override
  public Optional<Unavailable> noSnapshots() {
    return Optional.empty();
  }

  @Override
  public RunningMachine restore(MachineSpec spec, Path directory) {
    return run(
        spec,
        parts -> {
          Snapshot snapshot = Snapshot.open(directory);
          MachineState state = snapshot.state();
          return Machine.restore(
              kvm(), config(spec, state.memory(), state.vcpus().size(), parts), snapshot);
        });
  }

  /** What a machine is made with, beside its description. */
  private record Parts(Equipment equipment, ConsoleLog log) {}

  @FunctionalInterface
  private interface Making {
    Machine of(Parts parts) throws IOException;
  }

  private RunningMachine run(MachineSpec spec, Making making) {
    var opened = new Opened();
    opened.addAll(spec.devices());
    try {
      List<NetDevice> cards = new ArrayList<>();
      for (NetworkPort port : spec.ports()) {
        cards.add(opened.add(PortDevice.open(spec.networkNamespace().orElseThrow(), port)));
      }
      var equipment = opened.add(new Equipment(spec.devices(), cards));
      ConsoleLog log = opened.add(ConsoleLog.in(spec.directory().resolve("console.log")));
      Machine machine = opened.add(making.of(new Parts(equipment, log)));
      equipment.serve(machine);
      var running = new KvmMachine(machine, equipment.control(), log);
      machine.start();
      return running;
    } catch (IOException
        | VmmException
        | KvmException
        | LinuxException
        | OutOfMemoryError e) { // of the host, which may have no thread left
      opened.takeBack();
      throw new SandboxException(
          kind(e), spec.id() + ": cannot start a machine: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      opened.takeBack();
      throw e;
    }
  }

  static SandboxException.Kind kind(Throwable failure) {
    return failure instanceof VmmException vmm
            && (vmm.kind() == VmmException.Kind.BAD_IMAGE
                || vmm.kind() == VmmException.Kind.INVALID)
        ? SandboxException.Kind.INVALID
        : SandboxException.Kind.FAILED;
  }

  private static MachineConfig config(MachineSpec spec, long memory, int cpus, Parts parts) {
    return new MachineConfig(
        "machine " + spec.id(),
        memory,
        MachineMemory.Backing.PRIVATE,
        cpus,
        pins(spec, cpus),
        new BootFiles(
            spec.kernel(), Optional.of(spec.initialFiles()), "console=ttyS0 " + spec.commandLine()),
        parts.equipment().devices(),
        parts.log());
  }

  /** Each vCPU may run on all of them, as a container's threads may. */
  private static List<Long> pins(MachineSpec spec, int cpus) {
    return spec.processors()
        .map(chosen -> Collections.nCopies(cpus, chosen.mask()))
        .orElse(List.of());
  }
}
