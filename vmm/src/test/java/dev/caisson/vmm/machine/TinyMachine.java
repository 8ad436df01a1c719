/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.kvm.Kvm;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** One machine at a time with a kernel of a few instructions, on the host's own /dev/kvm. */
abstract class TinyMachine {
  @TempDir Path directory;
  Kvm kvm;
  Machine machine;
  final StringBuffer console = new StringBuffer();

  @BeforeEach
  void open() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    if (machine != null) {
      machine.close();
    }
    if (kvm != null) {
      kvm.close();
    }
  }

  MachineConfig config(TinyKernel kernel, int cpus, IntConsumer output, VirtioDevice... devices)
      throws IOException {
    Path file = kernel.write(directory.resolve("kernel"));
    return new MachineConfig(
        "tiny",
        4 << 20,
        MachineMemory.Backing.PRIVATE,
        cpus,
        List.of(),
        new BootFiles(file, Optional.empty(), "none"),
        List.of(devices),
        output);
  }

  Machine start(TinyKernel kernel, VirtioDevice... devices) throws IOException {
    machine = Machine.create(kvm, config(kernel, 1, b -> console.append((char) b), devices));
    machine.start();
    return machine;
  }
}
