/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import dev.caisson.container.ContainerIsolation;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The contract, kept by containers. */
@Tag("integration")
class ContainerTest implements SandboxContract, SurvivingContract {
  @TempDir static Path image;
  private static RootFilesystem.Layers root;
  @TempDir Path places;
  @TempDir Path empty;
  private Bench bench;

  @BeforeAll
  static void makeImage() {
    root = BusyboxLayer.make(image.resolve("layer"));
  }

  @BeforeEach
  void open() {
    Isolation isolation = new ContainerIsolation();
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
