/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;

/** Where the files of a workload come from. */
public sealed interface RootFilesystem {
  /** Whether the workload may not change it. */
  boolean readOnly();

  /** One unpacked image layer: content-addressed, shared, never changed. */
  record Layer(String id, Path directory) {}

  /**
   * An image's layers with a writable one in the {@link dev.caisson.sandbox.Place}.
   *
   * @param layers the topmost first; the engine keeps them from being collected
   * @param size bytes the writable layer may take, or 0 for no limit
   * @param durable whether what it writes survives a power cut as far as it asked for that with
   *     fsync(2); no need for it where all is removed with the end
   */
  record Layers(List<Layer> layers, long size, boolean readOnly, boolean durable)
      implements RootFilesystem {
    public Layers(List<Layer> layers, long size, boolean readOnly) {
      this(layers, size, readOnly, true);
    }

    public Layers {
      // The same layer twice (two empty ones, say) is one folder, which overlayfs refuses with
      // ELOOP; the topmost decides anyway.
      layers = layers.stream().distinct().toList();
      if (size < 0) {
        throw SandboxException.invalid("root size " + size, "must not be negative");
      }
    }
  }

  /** A directory used as it is; changes are made in it, nothing can be told about them. */
  record Directory(Path path, boolean readOnly) implements RootFilesystem {}

  /**
   * A disk image, for isolations that have disks.
   *
   * @param format "raw" or "qcow2"; never probed
   */
  record DiskImage(Path path, String format, boolean readOnly) implements RootFilesystem {}

  static RootFilesystem directory(Path path) {
    return new Directory(path, false);
  }
}
