/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.nio.ByteBuffer;

/** A disk that nobody can write through this object. */
public interface ReadOnlyDisk extends Disk {

  @Override
  default boolean writable() {
    return false;
  }

  @Override
  default void write(long offset, ByteBuffer source) {
    throw new DiskException(DiskException.Kind.READ_ONLY, this + ": can only be read");
  }

  @Override
  default void flush() {
    // Nothing is ever written.
  }
}
