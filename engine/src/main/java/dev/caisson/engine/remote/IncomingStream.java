/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.state.RecordCodec;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** A caller's stream, as it comes. */
final class IncomingStream extends InputStream {
  private final Connection connection;
  private final Mailbox<Frame> input;
  private byte[] piece = Frame.NOTHING;
  private int used;
  private boolean ended;

  IncomingStream(Connection connection, Mailbox<Frame> input) {
    this.connection = connection;
    this.input = input;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    while (!ended && used == piece.length) {
      next();
    }
    if (ended) {
      return -1;
    }
    int count = Math.min(length, piece.length - used);
    System.arraycopy(piece, used, into, offset, count);
    used += count;
    return count;
  }

  private void next() throws IOException {
    var frame = input.take().orElseThrow(() -> new IOException("the caller is gone"));
    if (frame.kind() == Frame.INPUT_END) {
      ended = true;
      return;
    }
    piece = frame.body();
    used = 0;
    connection.send(Frame.TAKEN, RecordCodec.encode(Taken.WELL));
  }
}
