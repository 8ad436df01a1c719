/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files a snapshot consists of. */
final class SnapshotFiles {
  private SnapshotFiles() {}

  static void delete(Path snapshot) throws IOException {
    for (String name : List.of("memory", "state", "")) {
      Files.delete(snapshot.resolve(name));
    }
  }
}
