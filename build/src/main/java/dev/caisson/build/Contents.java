/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** What one COPY or ADD copies. Can be written several times, with the same result. */
interface Contents extends AutoCloseable {
  void write(LayerTar tar, Target target) throws IOException;

  /** Of names, modes and contents, wherever they go. */
  default String digest() throws IOException {
    var ownership = new LayerTar.Ownership(Optional.empty(), Optional.empty(), Optional.empty());
    try (var tar = new LayerTar(OutputStream.nullOutputStream(), ownership)) {
      write(tar, Target.ANYWHERE);
      return tar.digest();
    }
  }

  @Override
  void close() throws IOException;
}
