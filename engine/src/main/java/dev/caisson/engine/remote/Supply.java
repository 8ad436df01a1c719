/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Sends a caller's stream to the engine, no faster than it is taken. */
final class Supply {
  private final InputStream source;
  private final Connection connection;
  private final Semaphore window = new Semaphore(Frame.WINDOW);
  private volatile @Nullable IOException failure;

  Supply(InputStream source, Connection connection) {
    this.source = source;
    this.connection = connection;
  }

  /** Returns at once; a thread of its own ends with the stream, or with the connection. */
  void start() {
    Thread.ofVirtual().name("engine-supply").start(this::run);
  }

  private void run() {
    var piece = new byte[Frame.PIECE];
    try {
      while (true) {
        window.acquireUninterruptibly();
        int length = read(piece);
        if (length < 0) {
          break;
        }
        connection.send(Frame.INPUT, java.util.Arrays.copyOf(piece, length));
      }
      connection.send(Frame.INPUT_END, Frame.NOTHING);
    } catch (IOException e) {
      connection.close(); // the answer has come, or cannot come any more
    }
  }

  private int read(byte[] piece) throws IOException {
    try {
      return source.read(piece);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /** The engine has used up a piece. */
  void taken() {
    window.release();
  }

  /** Why the caller's stream could not be read. */
  Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }
}
