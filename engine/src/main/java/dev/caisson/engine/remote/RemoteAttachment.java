/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.engine.state.RecordCodec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard streams at an engine in another process. A thread of its own sorts what comes: output
 * for the reader, word of what was taken for the writer.
 */
final class RemoteAttachment implements Attachment {
  private static final int OUTPUTS = 16;

  private final Connection connection;
  private final boolean tty;
  private final Mailbox<Output> outputs = new Mailbox<>(OUTPUTS);
  private final Mailbox<Taken> receipts = new Mailbox<>(Integer.MAX_VALUE);
  private volatile boolean detached;
  private volatile boolean closed;
  private volatile @Nullable EngineException failure;

  private RemoteAttachment(Connection connection, boolean tty) {
    this.connection = connection;
    this.tty = tty;
  }

  static RemoteAttachment over(Connection connection, boolean tty) {
    var attachment = new RemoteAttachment(connection, tty);
    Thread.ofVirtual().name("engine-attachment").start(attachment::sort);
    return attachment;
  }

  private void sort() {
    try {
      while (true) {
        var frame = connection.receive().orElseThrow(EOFException::new);
        switch (frame.kind()) {
          case Frame.OUTPUT -> outputs.put(output(frame.body()));
          case Frame.TAKEN -> receipts.put(receipt(frame.body()));
          case Frame.END -> {
            detached |= (Boolean) RecordCodec.decodeValue(frame.body(), boolean.class);
            outputs.end(); // receipts may still come
          }
          case Frame.FAILURE -> {
            failure = Failure.decode(frame.body());
            outputs.end();
          }
          default -> throw new IOException("unexpected frame '" + (char) frame.kind() + "'");
        }
      }
    } catch (IOException e) {
      if (!closed && failure == null) {
        failure = EngineException.io(RemoteCall.reason(e), e);
      }
    } finally {
      outputs.end();
      receipts.end();
    }
  }

  private static Output output(byte[] body) {
    return new Output(Output.Stream.values()[body[0]], Arrays.copyOfRange(body, 1, body.length));
  }

  private Taken receipt(byte[] body) {
    var taken = RecordCodec.decode(body, Taken.class);
    detached |= taken.detached();
    return taken;
  }

  @Override
  public boolean tty() {
    return tty;
  }

  @Override
  public Optional<Output> next() {
    var output = outputs.take();
    if (output.isEmpty() && failure != null && !closed && !detached) {
      throw failure;
    }
    return output;
  }

  @Override
  public void write(ByteBuffer bytes) {
    while (bytes.hasRemaining() && !closed) {
      var piece = new byte[Math.min(bytes.remaining(), Frame.PIECE)];
      bytes.get(piece);
      send(Frame.INPUT, piece);
      // Only once the workload has it: a writer waits for who does not read.
      receipts
          .take()
          .flatMap(Taken::failure)
          .ifPresent(refused -> {
            throw refused.toException();
          });
    }
  }

  private void send(byte kind, byte[] body) {
    try {
      connection.send(kind, body);
    } catch (IOException e) {
      if (!closed && !detached) {
        throw EngineException.io(RemoteCall.reason(e), e);
      }
    }
  }

  @Override
  public void closeInput() {
    send(Frame.INPUT_END, Frame.NOTHING);
  }

  @Override
  public void resize(int rows, int columns) {
    send(Frame.SIZE, RecordCodec.encode(new Size(rows, columns)));
  }

  @Override
  public boolean detached() {
    return detached;
  }

  @Override
  public void close() {
    closed = true;
    outputs.close();
    receipts.close();
    connection.close();
  }
}
