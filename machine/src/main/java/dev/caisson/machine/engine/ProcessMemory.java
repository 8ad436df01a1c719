/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The memory of a machine's process.
 *
 * @param file how the name of the guest's memory file begins
 */
record ProcessMemory(long pid, String file) {
  /** Bytes: the guest's memory as far as it is there, and what the process has of its own. */
  long inUse() {
    return guest() + own();
  }

  private long own() {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
          .filter(line -> line.startsWith("RssAnon:") || line.startsWith("RssFile:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
          .sum();
    } catch (IOException e) {
      return 0; // it has just ended
    }
  }

  private long guest() {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path entry : (Iterable<Path>) open::iterator) {
        if (Files.readSymbolicLink(entry).toString().startsWith("/memfd:" + file)) {
          try (Fd memory = Directory.openFile(entry, 0, OpenFlag.PATH)) {
            return OpenFile.of(memory).status().allocated();
          }
        }
      }
      return 0;
    } catch (IOException | LinuxException e) {
      return 0; // it has just ended
    }
  }
}
