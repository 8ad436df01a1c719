/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * One request of a client, as it stands in its header.
 *
 * @param flags bits of {@link Flags.Command}
 * @param number the command's number, known or not
 * @param cookie the client's name for this request
 * @param offset first byte of the export meant, unsigned
 * @param length bytes of the export meant, or of payload that follows, unsigned
 */
public record Request(int flags, int number, long cookie, long offset, long length) {
  /** Header sizes, compact and extended. */
  static final int COMPACT = 28;

  public static final int EXTENDED = 32;

  public static int headerBytes(boolean extended) {
    return extended ? EXTENDED : COMPACT;
  }

  /** Reads a header that is wholly in {@code from}. */
  public static Request parse(ByteBuffer from, boolean extended) throws ProtocolException {
    int magic = from.getInt();
    if (magic != (extended ? Magic.EXTENDED_REQUEST : Magic.REQUEST)) {
      throw new ProtocolException("request magic is 0x" + Integer.toHexString(magic));
    }
    int flags = Short.toUnsignedInt(from.getShort());
    int number = Short.toUnsignedInt(from.getShort());
    long cookie = from.getLong();
    long offset = from.getLong();
    long length = extended ? from.getLong() : Integer.toUnsignedLong(from.getInt());
    return new Request(flags, number, cookie, offset, length);
  }

  public void write(ByteBuffer to, boolean extended) {
    to.putInt(extended ? Magic.EXTENDED_REQUEST : Magic.REQUEST);
    to.putShort((short) flags).putShort((short) number);
    to.putLong(cookie).putLong(offset);
    if (extended) {
      to.putLong(length);
    } else {
      to.putInt((int) length);
    }
  }

  public Command command() {
    return Command.of(number);
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Bytes that follow the header. */
  public long payload(boolean extended) {
    boolean follows = extended ? has(Flags.Command.PAYLOAD_LEN) : command() == Command.WRITE;
    return follows ? length : 0;
  }

  /** Whether the range lies within an export of {@code size} bytes. */
  public boolean within(long size) {
    return offset >= 0 && length >= 0 && length <= size && offset <= size - length;
  }
}
