/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Reads one message field by field; fields nobody asks for are passed over.
 *
 * <p>Source: Protocol Buffers, "Encoding". Groups, which proto3 does not have, are refused.
 */
public final class ProtoReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int FIXED32 = 5;

  private static final int LONGEST_VARINT = 10;

  private final ByteBuffer in;
  private int field;
  private int type;
  private boolean pending;

  public ProtoReader(byte[] message) {
    this(ByteBuffer.wrap(message));
  }

  private ProtoReader(ByteBuffer message) {
    this.in = message.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Goes on to the next field; false at the end. */
  public boolean next() {
    if (pending) {
      skip();
    }
    if (!in.hasRemaining()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    if (tag >>> 32 != 0 || field == 0) {
      throw new ProtoException("field " + (tag >>> 3) + " cannot be");
    }
    pending = true;
    return true;
  }

  /** The number of the field. */
  public int field() {
    return field;
  }

  /** Its value: of any integer or enumeration type that is not zigzag. */
  public long number() {
    take(VARINT);
    return varint();
  }

  public boolean flag() {
    return number() != 0;
  }

  public byte[] bytes() {
    ByteBuffer slice = slice();
    byte[] value = new byte[slice.remaining()];
    slice.get(value);
    return value;
  }

  public String text() {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice()).toString();
    } catch (CharacterCodingException malformed) {
      throw new ProtoException("field " + field + " is no UTF-8");
    }
  }

  /** Its value, a message. */
  public ProtoReader message() {
    return new ProtoReader(slice());
  }

  /** Its value, one entry of a map of strings. */
  public Map.Entry<String, String> entry() {
    ProtoReader entry = message();
    String key = "";
    String value = "";
    while (entry.next()) {
      switch (entry.field()) {
        case 1 -> key = entry.text();
        case 2 -> value = entry.text();
        default -> {}
      }
    }
    return Map.entry(key, value);
  }

  private void take(int wanted) {
    if (!pending || type != wanted) {
      throw new ProtoException("field " + field + " has wire type " + type + ", not " + wanted);
    }
    pending = false;
  }

  private ByteBuffer slice() {
    take(LENGTH);
    return advance(varint());
  }

  private ByteBuffer advance(long length) {
    if (length < 0 || length > in.remaining()) {
      throw new ProtoException("field " + field + " is cut off");
    }
    ByteBuffer slice = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return slice;
  }

  private void skip() {
    pending = false;
    switch (type) {
      case VARINT -> varint();
      case FIXED64 -> advance(Long.BYTES);
      case LENGTH -> advance(varint());
      case FIXED32 -> advance(Integer.BYTES);
      default -> throw new ProtoException("wire type " + type + " of field " + field);
    }
  }

  private long varint() {
    long value = 0;
    for (int i = 0; i < LONGEST_VARINT; i++) {
      if (!in.hasRemaining()) {
        throw new ProtoException("a number is cut off");
      }
      byte b = in.get();
      value |= (long) (b & 0x7f) << (7 * i);
      if (b >= 0) {
        return value;
      }
    }
    throw new ProtoException("a number is longer than " + LONGEST_VARINT + " bytes");
  }
}
