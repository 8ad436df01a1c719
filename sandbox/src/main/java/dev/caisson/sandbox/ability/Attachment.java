/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One end of a process's standard streams. Reading and writing may go on in two threads; both may
 * be virtual.
 */
public interface Attachment extends AutoCloseable {
  /** Which stream some output came from; a terminal has only {@link #STDOUT}. */
  enum Stream {
    STDOUT,
    STDERR
  }

  /** Some output, as it was written: never empty, with no meaning in where it is cut. */
  record Chunk(Stream stream, ByteBuffer bytes) {}

  /** Waits for the next output; empty once both streams have ended. */
  Optional<Chunk> read() throws IOException;

  /** Gives all remaining bytes to standard input; waits while the process does not read. */
  void write(ByteBuffer bytes) throws IOException;

  /** Ends standard input. On a terminal this does nothing. */
  void closeInput() throws IOException;

  /** Sets the terminal's size, 1 to 65,535 each; without a terminal this does nothing. */
  void resize(int rows, int columns) throws IOException;

  /** Leaves; the process goes on. */
  @Override
  void close();
}
