/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** One netlink message as received, its length already checked. */
record Message(int type, int flags, int sequence, ByteBuffer body) {
  static final int ERROR = 2; // NLMSG_ERROR; with error 0 an acknowledgement
  static final int DONE = 3;
  static final int FLAG_MULTI = 2;
  static final int FLAG_DUMP_INTERRUPTED = 0x10;

  /**
   * Cuts a datagram into messages.
   *
   * @throws MalformedMessageException if a length does not fit
   */
  static List<Message> parse(byte[] datagram, int length) {
    ByteBuffer buffer = ByteBuffer.wrap(datagram, 0, length).slice().order(ByteOrder.nativeOrder());
    List<Message> messages = new ArrayList<>();
    int at = 0;
    while (at < buffer.limit()) {
      if (buffer.limit() - at < MessageWriter.HEADER) {
        throw new MalformedMessageException("header cut at byte " + at);
      }
      int size = buffer.getInt(at);
      if (size < MessageWriter.HEADER || size > buffer.limit() - at) {
        throw new MalformedMessageException("length " + size + " at byte " + at);
      }
      messages.add(
          new Message(
              Short.toUnsignedInt(buffer.getShort(at + 4)),
              Short.toUnsignedInt(buffer.getShort(at + 6)),
              buffer.getInt(at + 8),
              slice(buffer, at + MessageWriter.HEADER, size - MessageWriter.HEADER)));
      at += Math.min((size + 3) & -4, buffer.limit() - at);
    }
    return messages;
  }

  /** The fixed part at the start, at least {@code length} bytes. */
  ByteBuffer fixedPart(int length) {
    if (body.limit() < length) {
      throw new MalformedMessageException("type " + type + " has " + body.limit() + " bytes");
    }
    return body;
  }

  /** The attributes behind a fixed part of {@code length} bytes. */
  Attributes attributes(int length) {
    fixedPart(length);
    return Attributes.parse(slice(body, length, body.limit() - length));
  }

  static ByteBuffer slice(ByteBuffer buffer, int offset, int length) {
    return buffer.slice(offset, length).order(ByteOrder.nativeOrder());
  }
}
