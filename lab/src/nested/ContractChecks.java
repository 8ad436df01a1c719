/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.lab.sandbox.Bench;
import dev.caisson.lab.sandbox.BusyboxLayer;
import dev.caisson.lab.sandbox.SandboxContract;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every isolation promises, of thin machines on our own hypervisor. */
final class ContractChecks implements SandboxContract {
  private static RootFilesystem.Layers root;

  private final Bench bench;
  private final Path directory;

  private ContractChecks(Isolation isolation) throws IOException {
    Path place = Files.createTempDirectory("contract");
    this.directory = Files.createDirectory(place.resolve("empty"));
    this.bench = new Bench(isolation, place, root());
  }

  private static synchronized RootFilesystem.Layers root() throws IOException {
    if (root == null) {
      root = BusyboxLayer.make(Files.createTempDirectory("layer").resolve("busybox"));
    }
    return root;
  }

  /** The promises by their names. */
  static List<String> names() {
    return Arrays.stream(SandboxContract.class.getMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(Method::getName)
        .sorted()
        .toList();
  }

  static void run(String name) throws Exception {
    var checks = new ContractChecks(ThinChecks.thin());
    try (Bench _ = checks.bench) {
      SandboxContract.class.getMethod(name).invoke(checks);
    } catch (InvocationTargetException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error failure -> throw failure;
        default -> throw e;
      }
    }
  }

  @Override
  public Bench bench() {
    return bench;
  }

  @Override
  public Path directory() {
    return directory;
  }
}
