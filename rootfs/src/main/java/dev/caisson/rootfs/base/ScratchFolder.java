/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import dev.caisson.rootfs.layer.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder for work in progress that vanishes with everything in it. */
record ScratchFolder(Path path) implements AutoCloseable {

  static ScratchFolder make(String prefix) {
    try {
      return new ScratchFolder(Files.createTempDirectory(prefix));
    } catch (IOException e) {
      throw new RootfsException(Kind.IO, "cannot make a temporary folder: " + e, e);
    }
  }

  @Override
  public void close() {
    try (var parent = Directory.open(path.resolveSibling("."))) {
      TreeRemoval.remove(parent, path.getFileName().toString());
    } catch (LinuxException e) {
      throw RootfsException.of("removing " + path, e);
    }
  }
}
