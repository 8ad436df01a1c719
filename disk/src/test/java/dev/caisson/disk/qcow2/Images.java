/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.storage.FileStorage;
import java.nio.file.Path;

/** Opens and makes images for tests. */
public final class Images {
  private Images() {}

  static Qcow2Disk create(Path path, Qcow2Format format, long size) {
    var file = FileStorage.create(path, FileStorage.Sharing.LOCKED);
    format.write(file, size);
    return Qcow2Disk.open(file, access(path));
  }

  public static Qcow2Disk open(Path path, boolean writable) {
    var file = FileStorage.open(path, writable, FileStorage.Sharing.LOCKED);
    try {
      return Qcow2Disk.open(file, access(path));
    } catch (RuntimeException refused) {
      file.close();
      throw refused;
    }
  }

  private static Qcow2Access access(Path image) {
    return Qcow2Access.PLAIN
        .withSyncing(false)
        .withDataFile(
            name -> FileStorage.create(image.resolveSibling(name), FileStorage.Sharing.LOCKED));
  }
}
