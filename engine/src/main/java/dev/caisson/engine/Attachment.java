/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.nio.ByteBuffer;

/**
 * A connection to the standard streams of a container or an exec. One thread reads while another
 * writes. A reader that does not read holds at most a fixed buffer.
 */
public interface Attachment extends Feed<Output> {
  /** With a terminal all output arrives as {@link Output.Stream#STDOUT}. */
  boolean tty();

  /**
   * Writes all remaining bytes to standard input, waiting while the workload does not read. Bytes
   * that complete the detach keys are kept back and close the attachment.
   */
  void write(ByteBuffer bytes);

  /** Ends standard input; output goes on. */
  void closeInput();

  void resize(int rows, int columns);

  /** True once the detach keys were typed. */
  boolean detached();

  /** Disconnects; the workload runs on. */
  @Override
  void close();
}
