/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.HostProcessors;
import dev.caisson.machine.engine.MachineEngine;
import dev.caisson.machine.engine.MachineSpec;
import dev.caisson.machine.kernel.GuestKernel;
import dev.caisson.machine.kernel.InitialFiles;
import dev.caisson.machine.kernel.KernelModules;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.machine.network.GuestNetwork;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.stub.GuestInit;
import dev.caisson.stub.Stub;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.KernelCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/** Chooses engine, kernel and initial files, and sizes a machine for a workload. */
record MachineParts(KernelStore kernels, List<MachineEngine> engines) {
  private static final long DEFAULT_MEMORY = 1L << 30;
  private static final long LEAST_MEMORY = 96L << 20;

  /** What the guest's kernel and our agent need beside the workload. */
  private static final long KERNEL_MEMORY = 64L << 20;

  private static final long MEBIBYTE = 1L << 20;

  private static final long HOST_MEMORY = HostMemory.bytes() / MEBIBYTE * MEBIBYTE;

  /**
   * What only checks the kernel against itself, or reads the keys of a distribution that nothing in
   * a guest asks for. Kernels without one of them pass over its name.
   */
  private static final String SPARED =
      "cryptomgr.notests initcall_blacklist=load_system_certificate_list,crypto_kdf108_init";

  /** Own messages stay off the console; a panic ends the machine instead of waiting. */
  private static final String COMMAND_LINE =
      "quiet panic=-1 reboot=t random.trust_cpu=on " + SPARED;

  /**
   * What runs a workload: the first engine this host has that gives what was asked for.
   *
   * @throws SandboxException UNSUPPORTED with the reason and the remedy of the last one
   */
  MachineEngine engine(Workload workload) {
    boolean apart = workload.security().ownProcess();
    List<MachineEngine> fit =
        engines.stream().filter(engine -> !apart || engine.ownProcess()).toList();
    return fit.stream()
        .filter(engine -> engine.unavailable().isEmpty())
        .findFirst()
        .orElseThrow(() -> refusal(apart, fit));
  }

  private static SandboxException refusal(boolean apart, List<MachineEngine> fit) {
    String subject = apart ? "--own-process for thin machines" : "thin machines";
    return fit.isEmpty()
        ? SandboxException.unsupported(subject, "no engine of this host has processes of its own")
        : fit.getLast()
            .unavailable()
            .map(why ->
                SandboxException.unsupported(
                    subject, "%s%n  try: %s".formatted(why.reason(), why.remedy())))
            .orElseThrow();
  }

  MachineSpec spec(
      Workload workload, Place place, List<VirtioDevice> devices, Optional<GuestNetwork> network)
      throws IOException {
    GuestKernel kernel =
        kernels
            .current()
            .orElseThrow(() ->
                SandboxException.unsupported(
                    "thin machines",
                    "there is no guest kernel%n  try: caisson kernel fetch".formatted()));
    try {
      return new MachineSpec(
          workload.id(),
          place.run(),
          memory(workload.resources()),
          cpus(workload.resources()),
          processors(workload.resources()),
          readable(new KernelCache(kernels.unpackedFiles()).unpacked(kernel.image())),
          initialFiles(kernel, engine(workload), devices, network.isPresent()),
          COMMAND_LINE,
          devices,
          network.map(GuestNetwork::namespace),
          network.map(GuestNetwork::ports).orElse(List.of()),
          workload.resources().cgroupParent());
    } catch (VmmException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "kernel %s: %s%n  try: caisson kernel use, with another of caisson kernel ls; or caisson kernel fetch"
              .formatted(kernel.version(), e.getMessage()),
          e);
    }
  }

  /** For a machine that has its kernel, memory and processors in a snapshot. */
  static MachineSpec restored(
      Workload workload,
      Place place,
      Path snapshot,
      List<VirtioDevice> devices,
      Optional<GuestNetwork> network) {
    return new MachineSpec(
        workload.id(),
        place.run(),
        memory(workload.resources()),
        cpus(workload.resources()),
        processors(workload.resources()),
        snapshot,
        snapshot,
        COMMAND_LINE,
        devices,
        network.map(GuestNetwork::namespace),
        network.map(GuestNetwork::ports).orElse(List.of()),
        workload.resources().cgroupParent());
  }

  /** A kernel is no secret, and a machine's own user opens it. */
  private static Path readable(Path kernel) throws IOException {
    Files.setPosixFilePermissions(kernel, PosixFilePermissions.fromString("rw-r--r--"));
    return kernel;
  }

  /**
   * Whole MiB; what the guest does not touch costs the host nothing, and more than the host has it
   * could never touch.
   */
  static long memory(Resources resources) {
    return Math.min(wanted(resources), HOST_MEMORY);
  }

  private static long wanted(Resources resources) {
    long limit = resources.memory().limit().orElse(-1);
    long wanted = limit > 0 ? Math.max(limit + KERNEL_MEMORY, LEAST_MEMORY) : DEFAULT_MEMORY;
    return (wanted + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
  }

  /** The highest limit that such a machine can be given while it runs. */
  static long limit(Resources resources) {
    return wanted(resources) - KERNEL_MEMORY;
  }

  /**
   * As many as the quota could keep busy, and no more than there are to run on; where nothing is
   * said, one for each chosen processor of the host, or one.
   */
  static int cpus(Resources resources) {
    long quota = resources.cpu().quota().orElse(-1);
    long period = resources.cpu().period().orElse(100_000);
    Optional<HostProcessors> chosen = processors(resources);
    if (quota <= 0) {
      return chosen.map(HostProcessors::count).orElse(1);
    }
    int host = Math.max(Runtime.getRuntime().availableProcessors(), 1);
    int most = chosen.map(HostProcessors::count).orElse(host);
    return Math.clamp((quota + period - 1) / period, 1, most);
  }

  private static Optional<HostProcessors> processors(Resources resources) {
    return resources.cpu().cpus().map(HostProcessors::ofThisHost);
  }

  /** Built once for a kernel, our programs, and a choice of modules. */
  private Path initialFiles(
      GuestKernel kernel, MachineEngine engine, List<VirtioDevice> devices, boolean networked)
      throws IOException {
    List<String> wanted = new ArrayList<>();
    wanted.add(engine.transportModule());
    wanted.addAll(List.of("virtio_console", "virtiofs", "virtio_balloon"));
    if (networked) {
      wanted.add("virtio_net");
    }
    for (VirtioDevice device : devices) {
      switch (device.type()) {
        case BLOCK -> wanted.add("virtio_blk");
        case VSOCK -> wanted.add("vmw_vsock_virtio_transport");
        default -> {}
      }
    }
    byte[] init = GuestInit.program();
    byte[] executor = Stub.program();
    var sum = new CRC32C();
    sum.update(InitialFiles.FORM);
    sum.update(ByteBuffer.wrap(init));
    sum.update(ByteBuffer.wrap(executor));
    wanted.forEach(name -> sum.update(name.getBytes(StandardCharsets.UTF_8)));
    Path directory = Files.createDirectories(kernels.unpackedFiles());
    Path target =
        directory.resolve("initial-%s-%08x.cpio".formatted(kernel.version(), sum.getValue()));
    if (!Files.exists(target)) {
      List<Path> modules = KernelModules.in(kernel.modules()).inLoadOrder(wanted);
      InitialFiles.write(target, init, executor, modules);
    }
    return target;
  }
}
