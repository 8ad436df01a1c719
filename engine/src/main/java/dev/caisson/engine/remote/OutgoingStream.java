/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** What a caller is to write to a stream of its own. */
final class OutgoingStream extends OutputStream {
  private final Connection connection;

  OutgoingStream(Connection connection) {
    this.connection = connection;
  }

  @Override
  public void write(int value) throws IOException {
    connection.send(Frame.OUTPUT, new byte[] {(byte) value});
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int piece = Math.min(Frame.PIECE, length - done);
      int from = offset + done;
      connection.send(Frame.OUTPUT, Arrays.copyOfRange(bytes, from, from + piece));
      done += piece;
    }
  }
}
