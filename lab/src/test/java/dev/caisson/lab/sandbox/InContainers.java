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

/** Tests of containers made of one busybox layer, each with places of its own. */
@Tag("integration")
abstract class InContainers {
  @TempDir static Path image;
  static RootFilesystem.Layers root;
  @TempDir Path places;
  @TempDir Path directory;
  Bench bench;

  @BeforeAll
  static void makeImage() {
    root = BusyboxLayer.make(image.resolve("layer"));
  }

  @BeforeEach
  final void open() {
    Isolation isolation = new ContainerIsolation();
    isolation.unavailable().ifPresent(why -> Assumptions.abort(why.reason()));
    bench = new Bench(isolation, places, root);
  }

  @AfterEach
  final void close() {
    bench.close();
  }

  public Bench bench() {
    return bench;
  }

  /** An empty directory of the host. */
  public Path directory() {
    return directory;
  }
}
