/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.Extent;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Optional;

/** One file of a chain taken by itself, without what lies beneath it. */
public interface Layer extends AutoCloseable {

  /** The file, for people. */
  String name();

  /** Bytes this layer speaks for; beyond them it reads as zero. */
  long size();

  /**
   * What this file alone says about the start of a range; HOLE means that it says nothing, so that
   * the next layer answers. {@link Extent#hostOffset} is given only where {@link #plain} may be
   * read there directly.
   */
  Extent own(long offset, long length);

  /** Reads bytes that {@link #own} called DATA or COMPRESSED. */
  void readOwn(long offset, ByteBuffer target);

  /** The file with its stored bytes as guests see them. */
  Optional<Storage> plain();

  @Override
  void close();
}
