/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A system description table: the common header, and a checksum over all. ACPI 6.5, 5.2.6 */
final class Table {
  static final int HEADER = 36;
  private static final byte[] MAKER = "CAISSN".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] MODEL = "CAISSONM".getBytes(StandardCharsets.US_ASCII);

  private Table() {}

  /**
   * @param signature four letters
   * @param body what follows the header
   */
  static byte[] of(String signature, int revision, byte[] body) {
    ByteBuffer table = ByteBuffer.allocate(HEADER + body.length).order(ByteOrder.LITTLE_ENDIAN);
    table.put(signature.getBytes(StandardCharsets.US_ASCII));
    table.putInt(table.capacity());
    table.put((byte) revision).put((byte) 0); // the checksum, for now
    table.put(MAKER).put(MODEL).putInt(1);
    table.put(MAKER, 0, 4).putInt(1);
    table.put(body);
    table.put(9, checksum(table.array(), table.capacity()));
    return table.array();
  }

  /** What makes the sum of the first bytes zero. */
  static byte checksum(byte[] bytes, int length) {
    byte sum = 0;
    for (int i = 0; i < length; i++) {
      sum += bytes[i];
    }
    return (byte) -sum;
  }
}
