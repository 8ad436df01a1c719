/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Keeps one machine again and again, and says when it begins and ends, until it is killed. */
final class SavingVictim {
  private static final long FILLED_FROM = 4 << 20;

  private SavingVictim() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    try (Kvm kvm = Kvm.open();
        Machine machine = counting(kvm, directory.resolve("kernel"), 64 << 20)) {
      machine.start();
      for (int number = 0; ; number++) {
        machine.pause();
        System.out.println("begin " + number);
        machine.save(directory.resolve("s" + number));
        System.out.println("whole " + number);
        machine.resume();
        if (number > 0) {
          SnapshotFiles.delete(directory.resolve("s" + (number - 1)));
        }
      }
    }
  }

  /**
   * One that counts and prints, its memory beyond the first 4 MiB full of what is no zero.
   *
   * @param memory bytes, whole mebibytes
   */
  static Machine counting(Kvm kvm, Path kernel, long memory) throws IOException {
    if (!Files.exists(kernel)) {
      new TinyKernel().load(0x20_0000).print().repeat().write(kernel);
    }
    var config =
        new MachineConfig(
            "tiny",
            memory,
            MachineMemory.Backing.PRIVATE,
            1,
            List.of(),
            new BootFiles(kernel, Optional.empty(), "none"),
            List.of(),
            letter -> {});
    Machine machine = Machine.create(kvm, config);
    byte[] noise = new byte[(int) (memory - FILLED_FROM)];
    new Random(7).nextBytes(noise);
    machine
        .memory()
        .guest()
        .slice(FILLED_FROM, noise.length)
        .copyFrom(MemorySegment.ofArray(noise));
    return machine;
  }
}
