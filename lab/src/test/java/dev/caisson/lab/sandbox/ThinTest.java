/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.machine.thin.ThinIsolation;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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
