/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.vmm.boot.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Unpacks a kernel as the engine does, for guests that should not spend their time on it. */
final class UnpackKernel {
  private UnpackKernel() {}

  public static void main(String[] arguments) throws IOException {
    Path target = Path.of(arguments[1]);
    Path directory = Files.createTempDirectory("caisson-kernel");
    Files.move(new KernelCache(directory).unpacked(Path.of(arguments[0])), target);
    Files.delete(directory);
  }
}
