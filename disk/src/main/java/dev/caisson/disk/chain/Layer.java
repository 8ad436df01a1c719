/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.Extent;
import dev.caisson.disk.storage.HostFiles;
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
   * the next layer answers. {@link Extent#hostOffset} is given only where {@link #readPlain} may be
   * read there directly.
   */
  Extent own(long offset, long length);

  /** Reads bytes that {@link #own} called DATA or COMPRESSED. */
  void readOwn(long offset, ByteBuffer target);

  /** Whether host offsets of {@link #own} may be read with {@link #readPlain}. */
  boolean isPlain();

  /** Reads stored bytes by their place in the file. */
  void readPlain(long host, ByteBuffer target);

  /**
   * A short cut to the file that {@link #readPlain} reads, for those who know that it is not closed
   * meanwhile.
   */
  default Optional<HostFiles.HostFile> file() {
    return Optional.empty();
  }

  @Override
  void close();
}
