/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.storage;

import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * The bytes a disk format lives in: usually a file. Any number of threads may use it at once.
 * Failures are {@link dev.caisson.disk.DiskException}s that name {@link #name()}.
 */
public interface Storage extends AutoCloseable {

  /** For messages: the path, as the user gave it. */
  String name();

  /** Present length in bytes. */
  long size();

  boolean writable();

  /** Fills what remains of {@code target}; an end of file before that is an I/O error. */
  void read(long offset, ByteBuffer target);

  /** Writes all that remains in {@code source}, growing the file where needed. */
  void write(long offset, ByteBuffer source);

  /** Cuts or extends (with zeroes) to {@code size} bytes. */
  void truncate(long size);

  /** Returns once all earlier writes are on stable storage. */
  void flush();

  @Override
  void close();

  /**
   * Offset of the first byte at or after {@code offset} that may be stored, or {@code limit}: bytes
   * before it are a hole and read as zero.
   */
  default long nextData(long offset, long limit) {
    return offset;
  }

  /** Offset of the first hole at or after {@code offset}, or {@code limit}. */
  default long nextHole(long offset, long limit) {
    return limit;
  }

  /** Bytes the storage takes on its host, where that can be told. */
  default OptionalLong space() {
    return OptionalLong.empty();
  }

  /** Makes {@code [offset, offset + length)} read as zero, freeing space where the host can. */
  void zero(long offset, long length);

  /** Gives the range's space back if the host can do so cheaply; what it reads as is open. */
  default void release(long offset, long length) {}
}
