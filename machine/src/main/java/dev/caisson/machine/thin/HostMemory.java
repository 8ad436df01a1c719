/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the host has. */
final class HostMemory {
  private HostMemory() {}

  /**
   * All of it, in bytes; {@link Long#MAX_VALUE} where the kernel does not tell. /proc/meminfo,
   * proc(5)
   */
  static long bytes() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemTotal:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(Long.MAX_VALUE);
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
