/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a run makes on the host, written down before it is made: whoever finds the record of a run
 * that is over takes all of it away. Mounts are not in it, as they live and die with the
 * container's own mount namespace.
 *
 * @param file in the run directory, which like the control groups does not survive a reboot
 */
record UndoRecord(Path file) {
  static UndoRecord in(Path directory) {
    return new UndoRecord(directory.resolve("undo"));
  }

  void write(List<Path> groups) {
    try {
      Files.writeString(file, String.join("\n", groups.stream().map(Path::toString).toList()));
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "write " + file + ": " + failed.getMessage(), failed);
    }
  }

  boolean exists() {
    return Files.exists(file);
  }

  void remove() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "remove " + file + ": " + failed.getMessage(), failed);
    }
  }
}
