/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import java.nio.file.Path;

/** Other programs' formats, which are read only. */
final class ForeignFormats {
  private ForeignFormats() {}

  static DiskException unsupported(DiskFormat format, Path path) {
    return new DiskException(
        DiskException.Kind.UNSUPPORTED, "%s: format %s".formatted(path, format.label()));
  }
}
