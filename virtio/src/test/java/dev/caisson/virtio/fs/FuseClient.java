/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Asks a file server as a guest's kernel does. */
final class FuseClient implements AutoCloseable {
  private static final int UNIQUE = 77;
  private static final int ROOM = 8192;

  private final FuseServer server;
  private int user;
  private final Arena arena = Arena.ofConfined();

  FuseClient(FuseServer server) {
    this.server = server;
  }

  /**
   * @param error an errno, 0 for none
   */
  record Reply(int error, ByteBuffer body) {
    /** The number a reply about a file begins with: a node or a handle. */
    long node() {
      assertThat(error).isZero();
      return body.getLong(0);
    }

    String text() {
      assertThat(error).isZero();
      return StandardCharsets.UTF_8.decode(body).toString();
    }
  }

  /** Who asks from now on, with a group of the same number. */
  void become(int number) {
    user = number;
  }

  Reply ask(int opcode, long node, byte[]... parts) {
    int size = FuseRequest.HEADER;
    for (byte[] part : parts) {
      size += part.length;
    }
    MemorySegment request = arena.allocate(size, 8);
    request.set(LittleEndian.U32, 0, size);
    request.set(LittleEndian.U32, 4, opcode);
    request.set(LittleEndian.U64, 8, UNIQUE);
    request.set(LittleEndian.U64, 16, node);
    request.set(LittleEndian.U32, 24, user);
    request.set(LittleEndian.U32, 28, user);
    long at = FuseRequest.HEADER;
    for (byte[] part : parts) {
      MemorySegment.copy(part, 0, request, LittleEndian.U8, at, part.length);
      at += part.length;
    }
    MemorySegment answer = arena.allocate(ROOM, 8);
    long written = server.serve(new Chain(0, 1, Buffers.of(request), Buffers.of(answer)));
    if (written == 0) {
      return new Reply(0, ByteBuffer.allocate(0));
    }
    assertThat(answer.get(LittleEndian.U64, 8)).isEqualTo(UNIQUE);
    ByteBuffer body = answer.asSlice(FuseReply.HEADER, written - FuseReply.HEADER).asByteBuffer();
    return new Reply(-answer.get(LittleEndian.U32, 4), body.order(ByteOrder.LITTLE_ENDIAN));
  }

  static byte[] name(String text) {
    return (text + "\0").getBytes(StandardCharsets.UTF_8);
  }

  static byte[] numbers(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes.array();
  }

  @Override
  public void close() {
    arena.close();
  }
}
