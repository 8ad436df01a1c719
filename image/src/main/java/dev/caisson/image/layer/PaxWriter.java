/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Encodes the records of a pax extended header. pax(1), extended header */
final class PaxWriter {
  private PaxWriter() {}

  static byte[] encode(Map<String, byte[]> records) {
    var out = new ByteArrayOutputStream();
    records.forEach((key, value) -> record(out, key.getBytes(StandardCharsets.UTF_8), value));
    return out.toByteArray();
  }

  private static void record(ByteArrayOutputStream out, byte[] key, byte[] value) {
    int rest = key.length + value.length + 3; // blank, equals sign, newline
    int length = rest + digits(rest);
    length = rest + digits(length); // its own digits may have made it one digit longer
    out.writeBytes((length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(key);
    out.write('=');
    out.writeBytes(value);
    out.write('\n');
  }

  private static int digits(int number) {
    return Integer.toString(number).length();
  }
}
