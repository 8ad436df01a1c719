/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.ability.Attachment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** One client of a monitor; may be made before there is a monitor to connect to. */
class MonitorAttachment implements Attachment {
  private static final byte BOTH_STREAMS = 3;

  private final Monitor monitor;
  private final CompletableFuture<ControlSocket> socket = new CompletableFuture<>();

  MonitorAttachment(Monitor monitor) {
    this.monitor = monitor;
  }

  /** Connects, and returns once the monitor will send every byte from now on. */
  final void join() throws IOException {
    ControlSocket connection = ControlSocket.connect(monitor.directory());
    connection.send(ControlSocket.ATTACH, ByteBuffer.wrap(new byte[] {BOTH_STREAMS}));
    connection.await(ControlSocket.STATE);
    if (!socket.complete(connection)) {
      connection.close(); // closed meanwhile
    }
  }

  /** Tells readers that nothing will ever come. */
  final void abandon() {
    socket.cancel(false);
  }

  private ControlSocket connection() throws IOException {
    try {
      return socket.join();
    } catch (CancellationException | CompletionException never) {
      throw new IOException("the process did not start, or the attachment was closed", never);
    }
  }

  @Override
  public Optional<Chunk> read() throws IOException {
    ControlSocket connection;
    try {
      connection = connection();
    } catch (IOException never) {
      return Optional.empty();
    }
    while (true) {
      Optional<ControlSocket.Frame> frame = connection.receive();
      if (frame.isEmpty() || frame.get().type() == ControlSocket.EXITED) {
        return Optional.empty();
      }
      ByteBuffer bytes = frame.get().payload();
      switch (frame.get().type()) {
        case ControlSocket.STDOUT -> {
          return Optional.of(new Chunk(Stream.STDOUT, bytes));
        }
        case ControlSocket.STDERR -> {
          return Optional.of(new Chunk(Stream.STDERR, bytes));
        }
        default -> {} // an answer to another request
      }
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    if (bytes.hasRemaining()) {
      connection().send(ControlSocket.INPUT, bytes);
    }
  }

  @Override
  public void closeInput() throws IOException {
    connection().send(ControlSocket.END_INPUT);
  }

  @Override
  public void resize(int rows, int columns) throws IOException {
    connection();
    monitor.resize(rows, columns); // its own connection: input may be waiting in this one
  }

  @Override
  public void close() {
    socket.cancel(false);
    if (!socket.isCompletedExceptionally()) {
      socket.join().close();
    }
  }
}
