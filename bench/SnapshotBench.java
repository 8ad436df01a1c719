/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * How long a restored machine takes to its first instruction, and what a hundred clones share. Its
 * guest fills 48 of its 64 MiB, then prints dots until a byte is typed; then it reads all it filled.
 */
final class SnapshotBench {
  private static final long MEMORY = 64 << 20;
  private static final int RESTORES = 60;
  private static final int CLONES = 100;
  private static final int READ = 'R';

  private SnapshotBench() {}

  public static void main(String[] arguments) throws Exception {
    Path place = Path.of(arguments[0]);
    Path kernel = kernel();
    try (Kvm kvm = Kvm.open()) {
      Snapshot snapshot = taken(kvm, kernel, place);
      restores(kvm, kernel, snapshot);
      clones(kvm, kernel, snapshot);
    } finally {
      Files.delete(kernel);
    }
  }

  private static MachineConfig config(Path kernel, IntConsumer console) {
    return new MachineConfig(
        "bench",
        MEMORY,
        MachineMemory.Backing.PRIVATE,
        1,
        List.of(),
        new BootFiles(kernel, Optional.empty(), "none"),
        List.of(),
        console);
  }

  private static Path kernel() throws IOException {
    return VmBench.kernel(
        0xbf, 0, 0, 0x80, 0, // mov edi, 8 MiB
        0xb9, 0, 0, 0xc0, 0, // mov ecx, 12 Mi words
        0xb8, 0x44, 0x33, 0x22, 0x11, // mov eax, 0x11223344
        0xf3, 0xab, // rep stosd
        0x66, 0xba, 0xf8, 0x03, 0xb0, 0x2e, 0xee, // again: mov dx, 0x3f8; mov al, '.'; out dx, al
        0x66, 0xba, 0xfd, 0x03, 0xec, // mov dx, 0x3fd; in al, dx
        0xa8, 1, // test al, 1
        0x74, 0xf0, // jz again
        0x66, 0xba, 0xf8, 0x03, 0xec, // mov dx, 0x3f8; in al, dx
        0xb9, 0, 0, 0x80, 0, // mov ecx, 8 MiB
        0x8b, 0x01, // page: mov eax, [ecx]
        0x81, 0xc1, 0, 0x10, 0, 0, // add ecx, 4096
        0x81, 0xf9, 0, 0, 0x80, 0x03, // cmp ecx, 56 MiB
        0x72, 0xf0, // jb page
        0x66, 0xba, 0xf8, 0x03, 0xb0, READ, 0xee, // mov dx, 0x3f8; mov al, 'R'; out dx, al
        0xeb, 0xcd); // jmp again
  }

  private static Snapshot taken(Kvm kvm, Path kernel, Path place) throws Exception {
    var filled = new CountDownLatch(2);
    try (Machine machine = Machine.create(kvm, config(kernel, _ -> filled.countDown()))) {
      machine.start();
      await(filled);
      machine.pause();
      long start = System.nanoTime();
      Snapshot snapshot = machine.save(place);
      System.out.printf(
          "save of a machine that filled 48 of 64 MiB: %.0f ms%n", (System.nanoTime() - start) / 1e6);
      return snapshot;
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(2, TimeUnit.MINUTES)) {
      throw new IllegalStateException("the guest did not run");
    }
  }

  private static void restores(Kvm kvm, Path kernel, Snapshot snapshot) throws Exception {
    double[] times = new double[RESTORES];
    for (int i = -5; i < RESTORES; i++) { // the first five warm up
      var printed = new CountDownLatch(1);
      long start = System.nanoTime();
      try (Machine machine =
          Machine.restore(kvm, config(kernel, _ -> printed.countDown()), snapshot)) {
        machine.start();
        await(printed);
        if (i >= 0) {
          times[i] = (System.nanoTime() - start) / 1e6;
        }
      }
    }
    System.out.printf(
        "restore to the guest's first output: median %.2f ms, 90th percentile %.2f ms (goal 20 ms)%n",
        VmBench.median(times), VmBench.percentile(times, 90));
  }

  private static void clones(Kvm kvm, Path kernel, Snapshot snapshot) throws Exception {
    List<Machine> machines = new ArrayList<>();
    long before = proportional();
    long start = System.nanoTime();
    try {
      for (int i = 0; i < CLONES; i++) {
        var read = new CountDownLatch(1);
        Machine machine =
            Machine.restore(
                kvm,
                config(
                    kernel,
                    printed -> {
                      if (printed == READ) {
                        read.countDown();
                      }
                    }),
                snapshot);
        machines.add(machine);
        machine.start();
        machine.type(new byte[] {'x'});
        await(read);
        machine.pause();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      long resident = machines.stream().mapToLong(Machine::memoryUse).sum();
      System.out.printf(
          "%d clones that read all of it (%.1f s): guest memory resident %d MiB in sum,"
              + " the process's proportional set grew by %d MiB%n",
          CLONES, seconds, resident >> 20, (proportional() - before) >> 20);
    } finally {
      machines.forEach(Machine::close);
    }
  }

  private static long proportional() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream()
        .filter(line -> line.startsWith("Pss:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
