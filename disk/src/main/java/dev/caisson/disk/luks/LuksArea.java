/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;

/**
 * Where a header and its key material live: the start of a raw file, or clusters of a qcow2 image.
 * Offsets count bytes from the header's first.
 */
public interface LuksArea {

  /** An area that starts {@code base} bytes into {@code storage}. */
  static LuksArea of(Storage storage, long base) {
    return new LuksArea() {
      @Override
      public void read(long offset, ByteBuffer into) {
        storage.read(base + offset, into);
      }

      @Override
      public void write(long offset, ByteBuffer from) {
        storage.write(base + offset, from);
        storage.flush();
      }
    };
  }

  /** Fills {@code into}; a range past the end is a {@link dev.caisson.disk.DiskException}. */
  void read(long offset, ByteBuffer into);

  /** Writes all of {@code from}, durably before it returns. */
  void write(long offset, ByteBuffer from);
}
