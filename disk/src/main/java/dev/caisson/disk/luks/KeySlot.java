/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.nio.ByteBuffer;

/**
 * One of a container's eight places for the master key, each under a passphrase of its own.
 *
 * @param active whether a passphrase opens this slot
 * @param iterations rounds of PBKDF2, unsigned 32 bits
 * @param salt {@value #SALT} bytes for PBKDF2
 * @param materialSector where the slot's key material starts, in sectors from the header
 * @param stripes pieces the key is spread over; the format knows {@value #STRIPES} only
 */
public record KeySlot(
    boolean active, long iterations, Bytes salt, long materialSector, long stripes) {
  static final int SALT = 32;
  static final int STRIPES = 4000;
  static final int BYTES = 48;
  private static final int ENABLED = 0x00ac71f3;
  private static final int DISABLED = 0x0000dead;

  static KeySlot parse(ByteBuffer from, int number, String subject) {
    int state = from.getInt();
    if (state != ENABLED && state != DISABLED) {
      throw LuksHeader.corrupt(subject, "key slot " + number + " is neither enabled nor disabled");
    }
    long iterations = Integer.toUnsignedLong(from.getInt());
    var salt = Bytes.from(from, SALT);
    long material = Integer.toUnsignedLong(from.getInt());
    long stripes = Integer.toUnsignedLong(from.getInt());
    return new KeySlot(state == ENABLED, iterations, salt, material, stripes);
  }

  void write(ByteBuffer to) {
    to.putInt(active ? ENABLED : DISABLED).putInt((int) iterations).put(salt.toArray());
    to.putInt((int) materialSector).putInt((int) stripes);
  }

  /** Sectors that the spread key fills; LUKS keeps whole sectors. */
  static long materialSectors(int keyBytes) {
    return (long) keyBytes * STRIPES / SectorCipher.SECTOR;
  }

  KeySlot disabled() {
    return new KeySlot(false, 0, Bytes.zeroes(SALT), materialSector, stripes);
  }

  KeySlot enabled(long newIterations, Bytes newSalt) {
    return new KeySlot(true, newIterations, newSalt, materialSector, stripes);
  }
}
