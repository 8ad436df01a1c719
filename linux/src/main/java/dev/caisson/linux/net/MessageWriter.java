/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Writes netlink messages one after another into a growing array. Pure: no socket is needed.
 * netlink(7)
 *
 * <pre>
 * nlmsghdr { length, type, flags, sequence, port } | fixed part | nlattr { length, type } value | ...
 * </pre>
 *
 * Everything starts on a multiple of four bytes; lengths do not count the padding behind.
 */
final class MessageWriter {
  static final int HEADER = 16;
  static final int ATTRIBUTE_HEADER = 4;
  private static final int LARGEST_ATTRIBUTE = 0xffff;
  private static final int NESTED = 0x8000;

  private ByteBuffer buffer = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());
  private int start = -1;

  /** Begins a message; the one before must have ended. */
  MessageWriter begin(int type, int flags, int sequence) {
    if (start >= 0) {
      throw new IllegalStateException("the message before has not ended");
    }
    start = buffer.position();
    return int32(0).int16(type).int16(flags).int32(sequence).int32(0);
  }

  MessageWriter end() {
    buffer.putInt(start, buffer.position() - start);
    pad();
    start = -1;
    return this;
  }

  MessageWriter int8(int value) {
    room(1).put((byte) value);
    return this;
  }

  MessageWriter int16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  MessageWriter int32(int value) {
    room(4).putInt(value);
    return this;
  }

  MessageWriter attribute(int type, byte[] value) {
    if (value.length > LARGEST_ATTRIBUTE - ATTRIBUTE_HEADER) {
      throw new IllegalArgumentException("attribute longer than 64 KiB: " + value.length);
    }
    int16(ATTRIBUTE_HEADER + value.length).int16(type);
    room(value.length).put(value);
    pad();
    return this;
  }

  MessageWriter attribute(int type, int value) {
    int16(ATTRIBUTE_HEADER + 4).int16(type);
    return int32(value);
  }

  MessageWriter attribute8(int type, int value) {
    return attribute(type, new byte[] {(byte) value});
  }

  /** A NUL-terminated string. */
  MessageWriter attribute(int type, String value) {
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    return attribute(type, Arrays.copyOf(text, text.length + 1));
  }

  /** An attribute that holds what {@code content} writes. */
  MessageWriter nested(int type, Consumer<MessageWriter> content) {
    int at = buffer.position();
    int16(0).int16(type | NESTED);
    content.accept(this);
    int length = buffer.position() - at;
    if (length > LARGEST_ATTRIBUTE) {
      throw new IllegalArgumentException("attribute longer than 64 KiB: " + length);
    }
    buffer.putShort(at, (short) length);
    return this;
  }

  byte[] toBytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private void pad() {
    while (buffer.position() % 4 != 0) {
      int8(0);
    }
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int size = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      ByteBuffer larger = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
      larger.put(buffer.flip());
      buffer = larger;
    }
    return buffer;
  }
}
