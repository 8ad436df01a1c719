/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.link;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A connected stream of bytes, encrypted or not. One thread may read while others write; writers
 * take turns among themselves.
 */
public interface Link extends AutoCloseable {
  /** Reads at least one byte, or returns -1 at the end of the stream. */
  int read(ByteBuffer into) throws IOException;

  /** Writes all that remains in {@code from}. */
  void write(ByteBuffer from) throws IOException;

  /** Lets a blocked {@link #read} return -1, while replies can still be written. */
  void stopReading() throws IOException;

  /** Ends both directions at once and without a word, whatever others are doing. */
  void abort() throws IOException;

  @Override
  void close() throws IOException;
}
