/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** How replies are laid out, as client and server agreed before. */
public enum ReplyStyle {
  SIMPLE(16),
  STRUCTURED(20),
  EXTENDED(32);

  private static final int MOST_MESSAGE = 1024;
  private final int header;

  ReplyStyle(int header) {
    this.header = header;
  }

  /** Bytes in the header of each reply or chunk. */
  public int headerBytes() {
    return header;
  }

  /** Most bytes that {@link #failure} writes. */
  public int failureBytes() {
    return header + 6 + MOST_MESSAGE;
  }

  /** Bytes before the data of a content chunk. */
  public int dataBytes() {
    return this == SIMPLE ? header : header + 8;
  }

  public boolean chunked() {
    return this != SIMPLE;
  }

  /** The header of a chunk; only for styles that have chunks. */
  public void chunk(ByteBuffer to, Request request, boolean done, int type, int payload) {
    to.putInt(this == EXTENDED ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY);
    to.putShort((short) (done ? Flags.REPLY_DONE : 0)).putShort((short) type);
    to.putLong(request.cookie());
    if (this == EXTENDED) {
      to.putLong(request.offset()).putLong(payload);
    } else {
      to.putInt(payload);
    }
  }

  /** A whole reply: done, and nothing to tell. */
  public void success(ByteBuffer to, Request request) {
    if (this == SIMPLE) {
      simple(to, request, 0);
    } else {
      chunk(to, request, true, Chunk.NONE, 0);
    }
  }

  /** All that stands before {@code length} bytes read at {@code offset}. */
  public void data(ByteBuffer to, Request request, boolean done, long offset, int length) {
    if (this == SIMPLE) {
      simple(to, request, 0);
    } else {
      chunk(to, request, done, Chunk.OFFSET_DATA, 8 + length);
      to.putLong(offset);
    }
  }

  /** A whole chunk: {@code length} zeroes at {@code offset}. */
  public void hole(ByteBuffer to, Request request, boolean done, long offset, int length) {
    chunk(to, request, done, Chunk.OFFSET_HOLE, 12);
    to.putLong(offset).putInt(length);
  }

  /** A whole reply, or the last chunk of one: it failed. */
  public void failure(ByteBuffer to, Request request, NbdError error, String message) {
    if (this == SIMPLE) {
      simple(to, request, error.number());
      return;
    }
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, MOST_MESSAGE);
    chunk(to, request, true, Chunk.ERROR, 6 + length);
    to.putInt(error.number()).putShort((short) length).put(text, 0, length);
  }

  private static void simple(ByteBuffer to, Request request, int error) {
    to.putInt(Magic.SIMPLE_REPLY).putInt(error).putLong(request.cookie());
  }
}
