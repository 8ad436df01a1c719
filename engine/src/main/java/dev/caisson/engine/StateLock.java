/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps a second engine away from the same state. The kernel gives it back when we are killed. */
record StateLock(FileChannel file) implements AutoCloseable {
  /**
   * @throws EngineException CONFLICT when another engine holds it
   */
  static StateLock take(Path root) {
    try {
      Files.createDirectories(root);
      var file =
          FileChannel.open(
              root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(file)) {
        return new StateLock(file);
      }
      file.close();
    } catch (IOException e) {
      throw EngineException.io("cannot use " + root + ": " + e.getMessage(), e);
    }
    throw EngineException.conflict(
        "another engine uses " + root,
        "talk to that one, end it (caisson engine stop), or choose another --root");
  }

  private static boolean tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // held in this very process
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw EngineException.io("cannot close the lock", e);
    }
  }
}
