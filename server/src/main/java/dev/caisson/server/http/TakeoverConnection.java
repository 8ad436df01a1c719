/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/** Jetty hands the socket over to this connection once the answer's headers are sent. */
final class TakeoverConnection extends AbstractConnection
    implements Connection.UpgradeTo, Takeover {
  private static final int BUFFER = 32 << 10;

  private final Consumer<Takeover> session;
  private final Input input = new Input();
  private final Output output = new Output();
  private @Nullable ByteBuffer prefilled;

  TakeoverConnection(EndPoint endPoint, Executor executor, Consumer<Takeover> session) {
    super(endPoint, executor);
    this.session = session;
  }

  @Override
  public void onUpgradeTo(@Nullable ByteBuffer buffer) {
    prefilled = buffer;
  }

  @Override
  public void onOpen() {
    super.onOpen();
    getEndPoint().setIdleTimeout(0); // a stream may be silent for days
    Thread.ofVirtual()
        .name("takeover")
        .start(() -> {
          try (Takeover self = this) {
            session.accept(self);
          }
        });
  }

  @Override
  public void onFillable() {
    throw new IllegalStateException("reads wait with a callback of their own");
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return output;
  }

  @Override
  public void close() {
    getEndPoint().close();
    super.close();
  }

  private final class Input extends InputStream {
    private final ByteBuffer buffer = BufferUtil.allocate(BUFFER);
    private boolean ended;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      ByteBuffer source = fill();
      if (source == null) {
        return -1;
      }
      int count = Math.min(length, source.remaining());
      source.get(target, offset, count);
      return count;
    }

    /** A buffer with at least one byte, or null at the end. */
    private @Nullable ByteBuffer fill() throws IOException {
      ByteBuffer early = prefilled;
      if (early != null && early.hasRemaining()) {
        return early;
      }
      while (!buffer.hasRemaining()) {
        if (ended) {
          return null;
        }
        BufferUtil.clear(buffer);
        int count = getEndPoint().fill(buffer);
        if (count < 0) {
          ended = true;
        } else if (count == 0) {
          awaitReadable();
        }
      }
      return buffer;
    }

    private void awaitReadable() throws IOException {
      try (Blocker.Callback readable = Blocker.callback()) {
        getEndPoint().fillInterested(readable);
        readable.block();
      }
    }
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException();
      }
      try (Blocker.Callback written = Blocker.callback()) {
        getEndPoint().write(written, ByteBuffer.wrap(source, offset, length));
        written.block();
      }
    }

    /** Ends our half: the client reads the end of the stream. */
    @Override
    public void close() {
      getEndPoint().shutdownOutput();
    }
  }
}
