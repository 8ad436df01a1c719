/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The attributes of a message or of another attribute, by type; of a repeated one the last. */
final class Attributes {
  private static final int TYPE_MASK = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER

  private final Map<Integer, ByteBuffer> values;

  private Attributes(Map<Integer, ByteBuffer> values) {
    this.values = values;
  }

  /**
   * Cuts bytes into attributes.
   *
   * @throws MalformedMessageException if a length does not fit
   */
  static Attributes parse(ByteBuffer bytes) {
    Map<Integer, ByteBuffer> values = new HashMap<>();
    int at = 0;
    while (bytes.limit() - at >= MessageWriter.ATTRIBUTE_HEADER) {
      int length = Short.toUnsignedInt(bytes.getShort(at));
      if (length < MessageWriter.ATTRIBUTE_HEADER || length > bytes.limit() - at) {
        throw new MalformedMessageException("attribute length " + length + " at byte " + at);
      }
      int type = bytes.getShort(at + 2) & TYPE_MASK;
      values.put(
          type,
          Message.slice(
              bytes, at + MessageWriter.ATTRIBUTE_HEADER, length - MessageWriter.ATTRIBUTE_HEADER));
      at += (length + 3) & -4;
    }
    return new Attributes(values);
  }

  Optional<byte[]> bytes(int type) {
    return Optional.ofNullable(values.get(type)).map(Attributes::copy);
  }

  /** A 32-bit number, or the given one when absent. */
  int int32(int type, int otherwise) {
    ByteBuffer value = values.get(type);
    if (value == null) {
      return otherwise;
    }
    if (value.limit() < 4) {
      throw new MalformedMessageException("attribute " + type + " is no number");
    }
    return value.getInt(0);
  }

  Optional<String> string(int type) {
    return bytes(type)
        .map(text -> {
          int end = text.length;
          while (end > 0 && text[end - 1] == 0) {
            end--;
          }
          return new String(text, 0, end, StandardCharsets.UTF_8);
        });
  }

  Optional<Attributes> nested(int type) {
    return Optional.ofNullable(values.get(type)).map(Attributes::parse);
  }

  private static byte[] copy(ByteBuffer value) {
    byte[] copy = new byte[value.limit()];
    value.get(0, copy);
    return copy;
  }
}
