/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.util.List;

/**
 * One change that a layer makes to the file system below it. OCI image-spec 1.1, layer
 *
 * <p>Paths are relative, with single slashes, without {@code .} and {@code ..}; the empty path is
 * the root. A reader has proven that, a writer relies on it.
 */
public sealed interface Entry {
  /** The path this entry is about. */
  String path();

  record Directory(String path, Attributes attributes) implements Entry {}

  /**
   * A regular file; its bytes follow in the stream.
   *
   * @param size in bytes, holes included
   * @param extents where its data lies, ascending; empty when all of it is data
   */
  record File(String path, Attributes attributes, long size, List<Extent> extents)
      implements Entry {
    public File {
      extents = List.copyOf(extents);
    }

    public File(String path, Attributes attributes, long size) {
      this(path, attributes, size, List.of());
    }

    /** Bytes of data in the stream. */
    public long dataSize() {
      return sparse() ? extents.stream().mapToLong(Extent::length).sum() : size;
    }

    public boolean sparse() {
      return !extents.isEmpty();
    }
  }

  /** A symbolic link; its target is any text and proves nothing. */
  record SymbolicLink(String path, Attributes attributes, String target) implements Entry {}

  /**
   * Another name of {@code target}, a path like any other.
   *
   * @param attributes those of the target: dockerd gives them to the file once more
   */
  record HardLink(String path, Attributes attributes, String target) implements Entry {}

  record Device(String path, Attributes attributes, boolean block, int major, int minor)
      implements Entry {}

  record Pipe(String path, Attributes attributes) implements Entry {}

  /** {@code path} of the layers below is gone. */
  record Whiteout(String path) implements Entry {}

  /** Whatever the layers below have in the directory {@code path} is gone. */
  record Opaque(String path) implements Entry {}

  /** A stretch of data in a sparse file, in bytes. */
  record Extent(long offset, long length) {}
}
