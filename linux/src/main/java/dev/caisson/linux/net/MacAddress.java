/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.util.HexFormat;

/** The 48-bit hardware address of an interface. */
public record MacAddress(long bits) {
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

  public MacAddress {
    if (bits < 0 || bits > 0xffff_ffff_ffffL) {
      throw new IllegalArgumentException("more than 48 bits: " + bits);
    }
  }

  /** Reads six bytes in hexadecimal, {@code 02:42:ac:11:00:02}. */
  public static MacAddress parse(String text) {
    byte[] bytes;
    try {
      bytes = COLONS.parseHex(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a MAC address: " + text, e);
    }
    return of(bytes);
  }

  static MacAddress of(byte[] bytes) {
    if (bytes.length != 6) {
      throw new IllegalArgumentException("a MAC address has 6 bytes, not " + bytes.length);
    }
    long bits = 0;
    for (byte part : bytes) {
      bits = bits << 8 | (part & 0xff);
    }
    return new MacAddress(bits);
  }

  /** The six bytes as they stand in a frame. */
  public byte[] toBytes() {
    byte[] bytes = new byte[6];
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (bits >> (40 - 8 * i));
    }
    return bytes;
  }

  @Override
  public String toString() {
    return COLONS.formatHex(toBytes());
  }
}
