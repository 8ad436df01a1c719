/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import dev.caisson.linux.io.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What front end and engine say to each other: one byte of kind, four of length (little-endian),
 * then so many bytes. cli/src/main/c/protocol.h has the same numbers.
 */
record Frame(byte kind, ByteBuffer body) {
  // From the front end.
  static final byte REQUEST = 'R';
  static final byte INPUT = 'I';
  static final byte INPUT_END = 'E';
  static final byte SIGNAL = 'S';
  static final byte SIZE = 'W';

  // From the engine.
  static final byte ACCEPTED = 'a';
  static final byte CREDIT = 'i';
  static final byte RAW = 'r';
  static final byte COOKED = 'c';
  static final byte EXIT = 'x';

  static final int HEADER = 5;

  /** Arguments and environment together; Linux allows a process 2 MiB by default. execve(2) */
  static final int LONGEST = 4 << 20;

  static byte[] encode(byte kind, byte[] body) {
    var frame = ByteBuffer.allocate(HEADER + body.length).order(ByteOrder.LITTLE_ENDIAN);
    return frame.put(kind).putInt(body.length).put(body).array();
  }

  static byte[] encode(byte kind, int value) {
    var body = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    return encode(kind, body);
  }

  /** Cuts a stream of bytes into frames. */
  static final class Reader {
    private static final int PIECE = 64 << 10;

    private final UnixSocket socket;
    private ByteBuffer pending;

    Reader(UnixSocket socket, byte[] first) {
      this.socket = socket;
      this.pending = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * @throws EOFException when the front end is gone
     * @throws IOException when it does not keep to the protocol
     */
    Frame next() throws IOException {
      fill(HEADER);
      byte kind = pending.get();
      int length = pending.getInt();
      if (length < 0 || length > LONGEST) {
        throw new IOException("frame of " + length + " bytes");
      }
      fill(length);
      var body = pending.slice(pending.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      pending.position(pending.position() + length);
      return new Frame(kind, body);
    }

    private void fill(int wanted) throws IOException {
      if (pending.remaining() >= wanted) {
        return;
      }
      var bytes = new ByteArrayOutputStream(Math.max(wanted, PIECE));
      bytes.write(pending.array(), pending.arrayOffset() + pending.position(), pending.remaining());
      while (bytes.size() < wanted) {
        try (var message = socket.receive(PIECE)) {
          if (message.bytes().length == 0) {
            throw new EOFException("the front end is gone");
          }
          bytes.write(message.bytes());
        }
      }
      pending = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
