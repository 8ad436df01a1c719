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
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
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
class ThinTest implements SandboxContract, FilesContract, ExtremesContract {
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
    assertThat(awaitAtMost(pid, full - (45L << 20))).isLessThanOrEqualTo(full - (45L << 20));
  }

  /** The same of 100 MiB that a process has of its own, and gives back by ending. */
  @Test
  void memoryAProcessHadGoesBackToTheHost() throws Exception {
    Sandbox sandbox = bench.start(bench.workload("sleep", "1000"));
    int pid = sandbox.pid().orElseThrow();
    Bench.exec(sandbox, "mkfifo", "/tmp/free");
    long before = memory(pid);
    // dd has read one whole block, and finds nobody to write it to until somebody opens the fifo.
    var holder =
        Executable.Command.of("sh", "-c", "dd if=/dev/zero bs=100M count=1 | cat /tmp/free");
    try (Executable.Session session =
        sandbox.ability(Executable.class).orElseThrow().exec(holder)) {
      long full = awaitAtLeast(pid, before + (95L << 20));
      assertThat(full - before).isGreaterThanOrEqualTo(95L << 20);
      Bench.exec(sandbox, "sh", "-c", ": > /tmp/free");
      session.exit().orTimeout(60, TimeUnit.SECONDS).join();
      assertThat(awaitAtMost(pid, full - (85L << 20))).isLessThanOrEqualTo(full - (85L << 20));
    }
  }

  private static long awaitAtLeast(int pid, long bytes) throws Exception {
    long now = memory(pid);
    for (int tries = 0; tries < 120 && now < bytes; tries++) {
      Thread.sleep(500);
      now = memory(pid);
    }
    return now;
  }

  private static long awaitAtMost(int pid, long bytes) throws Exception {
    long now = memory(pid);
    for (int tries = 0; tries < 120 && now > bytes; tries++) {
      Thread.sleep(500);
      now = memory(pid);
    }
    return now;
  }

  /** One vCPU for each chosen processor, and every thread of the machine's process on them. */
  @Test
  void chosenProcessorsAreTheMachines() throws Exception {
    var none = OptionalLong.empty();
    var cpu = new Resources.Cpu(none, none, none, none, none, Optional.of("0"), Optional.empty());
    Sandbox sandbox =
        bench.start(bench.workload("sleep", "1000").resources(Resources.UNLIMITED.withCpu(cpu)));
    everyThreadIsOn("0", sandbox.pid().orElseThrow());
  }

  @Test
  void processorsChangeWhileItRuns() throws Exception {
    Assumptions.assumeTrue(
        Runtime.getRuntime().availableProcessors() > 1, "needs a second processor to move to");
    var none = OptionalLong.empty();
    var cpu = new Resources.Cpu(none, none, none, none, none, Optional.of("1"), Optional.empty());
    Sandbox sandbox = bench.start(bench.workload("sleep", "1000"));
    sandbox.ability(Updatable.class).orElseThrow().update(Resources.UNLIMITED.withCpu(cpu));
    everyThreadIsOn("1", sandbox.pid().orElseThrow());
  }

  private static void everyThreadIsOn(String processors, int pid) throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : (Iterable<Path>) threads::iterator) {
        assertThat(Files.readAllLines(thread.resolve("status")))
            .contains("Cpus_allowed_list:\t" + processors);
      }
    }
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
