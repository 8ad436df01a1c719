/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Room on the disk kept for when there is no other: a file that is deleted then. */
final class Reserve {
  /** Bytes: enough for some hundred changes. */
  private static final int SIZE = 256 << 10;

  private final Path file;
  private boolean there;

  Reserve(Path file) {
    this.file = file;
  }

  boolean isThere() {
    return there;
  }

  /** Takes the room, if there is any. */
  void make() {
    try {
      if (!Files.exists(file) || Files.size(file) < SIZE) {
        Files.write(file, new byte[SIZE]);
      }
      there = true;
    } catch (IOException full) {
      use();
    }
  }

  /** Gives it back. */
  void use() {
    there = false;
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // A disk that cannot even delete gives no room: the write that follows says so.
    }
  }
}
