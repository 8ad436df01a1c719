/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.machine.thin.ThinIsolation;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract, kept by thin machines with whatever engine this host has for them. */
@Tag("integration")
class ThinTest implements SandboxContract {
  private static final Path ROOT =
      Path.of(System.getProperty("caisson.test.root", "/var/cache/caisson-test"));

  @TempDir static Path image;
  private static RootFilesystem.Layers root;
  @TempDir Path places;
  @TempDir Path empty;
  private Bench bench;

  @BeforeAll
  static void makeImageAndFetchKernel() throws IOException {
    root = BusyboxLayer.make(image.resolve("layer"));
    KernelStore kernels = KernelStore.below(ROOT);
    if (kernels.current().isEmpty()) {
      try {
        DistributionKernel.fetch(kernels);
      } catch (SandboxException e) {
        Assumptions.abort("no guest kernel: " + e.getMessage());
      }
    }
  }

  @BeforeEach
  void open() {
    Isolation isolation = new ThinIsolation().below(ROOT);
    isolation.unavailable().ifPresent(why -> Assumptions.abort(why.reason()));
    bench = new Bench(isolation, places, root);
  }

  /** Under QEMU the guest's memory is a file without a name; its blocks are what the host pays. */
  @Test
  void memoryTheGuestFreesGoesBackToTheHost() throws Exception {
    Sandbox sandbox = bench.start(bench.workload("sleep", "1000"));
    int pid = sandbox.pid().orElseThrow();
    long before = memory(pid);
    Bench.exec(sandbox, "dd", "if=/dev/zero", "of=/dev/shm/f", "bs=1M", "count=60");
    long full = memory(pid);
    assertThat(full - before).isGreaterThan(50L << 20);
    Bench.exec(sandbox, "rm", "/dev/shm/f");
    long now = memory(pid);
    for (int tries = 0; tries < 120 && full - now < (45L << 20); tries++) {
      Thread.sleep(500);
      now = memory(pid);
    }
    assertThat(full - now).as("given back of %d", full - before).isGreaterThan(45L << 20);
  }

  private static long memory(int pid) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.readSymbolicLink(file).toString().startsWith("/memfd:memory-backend")) {
          try (Fd memory = Directory.openFile(file, 0, OpenFlag.PATH)) {
            return OpenFile.of(memory).status().allocated();
          }
        }
      }
    }
    Assumptions.abort("this engine keeps the guest's memory elsewhere");
    return 0;
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Override
  public Bench bench() {
    return bench;
  }

  @Override
  public Path directory() {
    return empty;
  }
}
