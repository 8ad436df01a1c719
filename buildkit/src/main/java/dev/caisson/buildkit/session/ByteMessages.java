/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/** A call whose messages are pieces of bytes, as streams: BuildKit's {@code BytesMessage}. */
final class ByteMessages {
  private static final int PIECE = 32 << 10;

  private ByteMessages() {}

  static OutputStream output(GrpcCall call) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws IOException {
        for (int at = 0; at < length; at += PIECE) {
          int count = Math.min(PIECE, length - at);
          byte[] piece = Arrays.copyOfRange(source, offset + at, offset + at + count);
          call.send(new ProtoWriter().bytes(1, piece).toBytes());
        }
      }

      @Override
      public void close() throws IOException {
        call.endRequest();
      }
    };
  }

  /** Ends with the call, whose status is then checked. */
  static InputStream input(GrpcCall call) {
    return new InputStream() {
      private byte[] piece = {};
      private int at;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        while (at == piece.length) {
          Optional<byte[]> next = call.receive();
          if (next.isEmpty()) {
            call.checkStatus();
            return -1;
          }
          piece = data(next.get());
          at = 0;
        }
        int count = Math.min(length, piece.length - at);
        System.arraycopy(piece, at, target, offset, count);
        at += count;
        return count;
      }
    };
  }

  static byte[] data(byte[] message) {
    var in = new ProtoReader(message);
    byte[] data = {};
    while (in.next()) {
      if (in.field() == 1) {
        data = in.bytes();
      }
    }
    return data;
  }
}
