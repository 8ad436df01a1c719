/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.KvmException;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.TapSide;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Our own hypervisor, in this process. Only where the processor says that it can: a /dev/kvm that
 * opens may belong to one that interprets kernels instruction by instruction.
 */
public final class KvmEngine implements MachineEngine {
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");
  private static final Path DEVICE = Path.of("/dev/kvm");
  private static final String CONTROL = "caisson.control";

  private final Path processor;
  private @Nullable Kvm kvm;

  public KvmEngine() {
    this(PROCESSOR);
  }

  /**
   * @param processor as /proc/cpuinfo describes it
   */
  KvmEngine(Path processor) {
    this.processor = processor;
  }

  @Override
  public String name() {
    return "kvm";
  }

  @Override
  public String transportModule() {
    return "virtio_mmio";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    if (!virtualizes()) {
      return Optional.of(
          new Unavailable(
              "the processor offers no virtualization (neither vmx nor svm in /proc/cpuinfo)",
              "enable it in the firmware, or nested virtualization in the host of this machine"));
    }
    if (!Files.exists(DEVICE)) {
      return Optional.of(
          new Unavailable("/dev/kvm is missing", "modprobe kvm-intel, or modprobe kvm-amd"));
    }
    if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
      return Optional.of(
          new Unavailable("/dev/kvm is not for this user", "add the user to the group kvm"));
    }
    return Optional.empty();
  }

  private boolean virtualizes() {
    try (var lines = Files.lines(processor)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.split("\\s+", -1)))
          .filter(flags -> flags.contains("vmx") || flags.contains("svm"))
          .isPresent();
    } catch (IOException e) {
      return false;
    }
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
    List<AutoCloseable> opened = new ArrayList<>(spec.devices());
    try {
      ConsolePort control = ConsolePort.named(CONTROL);
      List<VirtioDevice> devices = new ArrayList<>(spec.devices());
      devices.add(opened(opened, new ConsoleDevice(List.of(control))));
      devices.add(opened(opened, new EntropyDevice(new SecureRandom())));
      var memory = new AtomicReference<@Nullable MachineMemory>();
      devices.add(opened(opened, new BalloonDevice(pages -> release(memory.get(), pages))));
      for (NetworkPort port : spec.ports()) {
        devices.add(opened(opened, network(spec, port)));
      }
      ConsoleLog log = opened(opened, new ConsoleLog(spec.directory().resolve("console.log")));
      Machine machine =
          Machine.create(
              kvm(),
              new MachineConfig(
                  "machine " + spec.id(),
                  spec.memory(),
                  MachineMemory.Backing.PRIVATE,
                  spec.cpus(),
                  List.of(),
                  new BootFiles(
                      spec.kernel(),
                      Optional.of(spec.initialFiles()),
                      "console=ttyS0 " + spec.commandLine()),
                  devices,
                  log));
      memory.set(machine.memory());
      var running = new KvmMachine(machine, control, log);
      machine.start();
      return running;
    } catch (IOException | VmmException | KvmException | LinuxException e) {
      closeAll(opened);
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          spec.id() + ": cannot start a machine: " + e.getMessage(),
          e);
    } catch (RuntimeException e) {
      closeAll(opened);
      throw e;
    }
  }

  /** Before it runs, a guest has nothing to give back. */
  private static void release(@Nullable MachineMemory memory, MemorySegment pages) {
    if (memory != null) {
      memory.discard(pages);
    }
  }

  private static <T extends AutoCloseable> T opened(List<AutoCloseable> opened, T resource) {
    opened.add(resource);
    return resource;
  }

  /** A tap's descriptor, and the largest payload that fits it. */
  private record OpenTap(Fd descriptor, int mtu) {}

  private static NetDevice network(MachineSpec spec, NetworkPort port) {
    OpenTap tap;
    if (spec.networkNamespace().isPresent()) {
      try (Fd target = Directory.openFile(spec.networkNamespace().get(), 0, OpenFlag.READ)) {
        tap = NamespaceThread.inside(Namespace.NETWORK, target, () -> tap(port));
      }
    } else {
      tap = tap(port);
    }
    return new NetDevice(
        MacAddress.parse(port.hardware()), tap.mtu(), 1, new TapSide(List.of(tap.descriptor())));
  }

  private static OpenTap tap(NetworkPort port) {
    int mtu;
    try (RouteSocket socket = RouteSocket.open()) {
      mtu = socket.link(port.tap()).orElseThrow().mtu();
    }
    return new OpenTap(TapSide.open(port.tap(), false), mtu);
  }

  private static void closeAll(List<AutoCloseable> opened) {
    for (AutoCloseable resource : opened.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        System.getLogger(KvmEngine.class.getName()).log(System.Logger.Level.DEBUG, "closing", e);
      }
    }
  }
}
