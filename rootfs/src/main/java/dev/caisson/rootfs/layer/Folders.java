/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.file.Directory;
import dev.caisson.rootfs.RootfsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders of our own below the state directory. */
final class Folders {
  private Folders() {}

  /** Opens {@code path}, made with its parents where missing. */
  static Directory open(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot make " + path + ": " + e, e);
    }
    return Directory.open(path);
  }
}
