/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are there completely, also after a power cut, or not at all. */
final class DurableFile {
  private DurableFile() {}

  /** Replaces {@code target} with {@code bytes}; the caller keeps other writers away. */
  static void replace(Path target, byte[] bytes) {
    var draft = target.resolveSibling(target.getFileName() + ".new");
    try {
      try (var out = new FileOutputStream(draft.toFile())) {
        out.write(bytes);
        out.getFD().sync();
      }
      move(draft, target);
    } catch (IOException e) {
      throw ImageException.io(target.toString(), e);
    }
  }

  /** Renames {@code draft}, whose data must be synced, and makes the new name last. */
  static void move(Path draft, Path target) throws IOException {
    Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
    syncFolder(target.resolveSibling("."));
  }

  private static void syncFolder(Path folder) throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
