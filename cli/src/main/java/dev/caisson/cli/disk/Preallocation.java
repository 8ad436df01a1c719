/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.FileStorage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** What a disk gets in its file before anybody writes to it. */
enum Preallocation {
  OFF,
  /** A place for each cluster, in qcow2. */
  METADATA,
  /** And the host's promise of space. */
  FALLOC,
  /** As {@link #FALLOC}: space is promised, not written. */
  FULL;

  static Preallocation named(String label) {
    return Arrays.stream(values())
        .filter(value -> value.name().toLowerCase(Locale.ROOT).equals(label))
        .findFirst()
        .orElseThrow(() ->
            new DiskException(
                DiskException.Kind.UNSUPPORTED,
                "preallocation '%s'; have off, metadata, falloc, full".formatted(label)));
  }

  void requireFor(String format) {
    if (this == METADATA && format.equals(DiskFormat.RAW.label())) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "raw has no metadata to preallocate; use falloc");
    }
  }

  /** Lays out what lies at {@code from} and beyond. */
  void layOut(Disk disk, long from) {
    if (this != OFF && disk instanceof Qcow2Disk image) {
      image.preallocate(from);
    }
  }

  /** Reserves the file's space, with nobody else using it. */
  void reserve(Path path) {
    if (this == FALLOC || this == FULL) {
      FileStorage.reserve(path);
    }
  }
}
