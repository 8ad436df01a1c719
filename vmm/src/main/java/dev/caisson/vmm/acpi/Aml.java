/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Encodes the few terms of ACPI's machine language that our tables need. ACPI 6.5, sections 20.2
 * and 6.4
 */
final class Aml {
  private static final int SEGMENT = 4;
  private static final int IO_PORTS = 0x47;
  private static final int DECODE_16_BITS = 1;
  private static final int LEGACY_INTERRUPT = 0x22;
  private static final int FIXED_MEMORY = 0x86;
  private static final int EXTENDED_INTERRUPT = 0x89;
  private static final int CONSUMER_EDGE_HIGH_EXCLUSIVE = 0x03;
  private static final int END_TAG = 0x79;

  private Aml() {}

  static byte[] join(byte[]... terms) {
    return join(List.of(terms));
  }

  static byte[] join(List<byte[]> terms) {
    var all = new ByteArrayOutputStream();
    terms.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A name such as {@code \_SB_.PWRB}; each segment is filled up with underscores. */
  static byte[] path(String path) {
    var encoded = new ByteArrayOutputStream();
    boolean root = path.startsWith("\\");
    if (root) {
      encoded.write('\\');
    }
    String[] segments = path.substring(root ? 1 : 0).split("\\.", -1);
    if (segments.length == 2) {
      encoded.write(0x2e);
    } else if (segments.length > 2) {
      encoded.write(0x2f);
      encoded.write(segments.length);
    }
    for (String segment : segments) {
      if (segment.isEmpty() || segment.length() > SEGMENT) {
        throw new IllegalArgumentException("ACPI name " + path);
      }
      byte[] padded = (segment + "____").getBytes(StandardCharsets.US_ASCII);
      encoded.write(padded, 0, SEGMENT);
    }
    return encoded.toByteArray();
  }

  static byte[] integer(long value) {
    if (value == 0 || value == 1) {
      return bytes((int) value);
    }
    if (value > 0 && value <= 0xff) {
      return bytes(0x0a, (int) value);
    }
    if (value > 0 && value <= 0xffff) {
      return buffer(3).put((byte) 0x0b).putShort((short) value).array();
    }
    if (value > 0 && value <= 0xffffffffL) {
      return buffer(5).put((byte) 0x0c).putInt((int) value).array();
    }
    return buffer(9).put((byte) 0x0e).putLong(value).array();
  }

  static byte[] string(String text) {
    return join(bytes(0x0d), text.getBytes(StandardCharsets.US_ASCII), bytes(0));
  }

  /** A Plug and Play number such as {@code PNP0501}: three letters and four hexadecimal digits. */
  static byte[] plugAndPlay(String id) {
    int maker = ((id.charAt(0) - '@') << 10) | ((id.charAt(1) - '@') << 5) | (id.charAt(2) - '@');
    int product = Integer.parseInt(id.substring(3), 16);
    return integer(Integer.toUnsignedLong(Integer.reverseBytes((maker << 16) | product)));
  }

  /** The content's length in front, in one to four bytes that count themselves. */
  private static byte[] sized(byte[] content) {
    int length = content.length;
    if (length + 1 < 1 << 6) {
      return join(bytes(length + 1), content);
    }
    int more = length + 2 < 1 << 12 ? 1 : length + 3 < 1 << 20 ? 2 : 3;
    int total = length + 1 + more;
    byte[] prefix = new byte[1 + more];
    prefix[0] = (byte) ((more << 6) | (total & 0xf));
    for (int i = 1; i <= more; i++) {
      prefix[i] = (byte) (total >>> (8 * i - 4));
    }
    return join(prefix, content);
  }

  static byte[] name(String path, byte[] value) {
    return join(bytes(0x08), path(path), value);
  }

  static byte[] scope(String path, byte[]... terms) {
    return join(bytes(0x10), sized(join(path(path), join(terms))));
  }

  static byte[] device(String path, byte[]... terms) {
    return join(bytes(0x5b, 0x82), sized(join(path(path), join(terms))));
  }

  /**
   * @param arguments 0 to 7
   */
  static byte[] serializedMethod(String path, int arguments, byte[]... terms) {
    return join(bytes(0x14), sized(join(path(path), bytes(arguments | 8), join(terms))));
  }

  static byte[] list(byte[]... elements) {
    return join(bytes(0x12), sized(join(bytes(elements.length), join(elements))));
  }

  static byte[] notify(String path, long value) {
    return join(bytes(0x86), path(path), integer(value));
  }

  /** Terms for when the method's first argument is a number. */
  static byte[] ifArgument(long value, byte[]... terms) {
    return join(bytes(0xa0), sized(join(bytes(0x93, 0x68), integer(value), join(terms))));
  }

  /** What a device occupies: resource descriptors and an end tag, in a buffer. */
  static byte[] resources(byte[]... descriptors) {
    byte[] all = join(join(descriptors), bytes(END_TAG, 0));
    return join(bytes(0x11), sized(join(integer(all.length), all)));
  }

  static byte[] ports(int first, int count) {
    return buffer(8)
        .put(bytes(IO_PORTS, DECODE_16_BITS))
        .putShort((short) first)
        .putShort((short) first)
        .put(bytes(1, count))
        .array();
  }

  /** An interrupt of the old PC, edge triggered. */
  static byte[] legacyInterrupt(int line) {
    return buffer(3).put((byte) LEGACY_INTERRUPT).putShort((short) (1 << line)).array();
  }

  static byte[] memory(long start, long size) {
    return buffer(12)
        .put(bytes(FIXED_MEMORY, 9, 0, 1))
        .putInt((int) start)
        .putInt((int) size)
        .array();
  }

  /** One interrupt, edge triggered, active high, not shared. */
  static byte[] interrupt(int line) {
    return buffer(9)
        .put(bytes(EXTENDED_INTERRUPT, 6, 0, CONSUMER_EDGE_HIGH_EXCLUSIVE, 1))
        .putInt(line)
        .array();
  }
}
