/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import static dev.caisson.disk.luks.SectorCipher.SECTOR;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/** AES-XTS: each block is masked, before and after AES, by a tweak that runs on. IEEE 1619-2007 */
final class XtsSectors extends SectorBatch {
  private final Cipher encrypt;
  private final Cipher decrypt;
  private final Cipher tweak;
  private final byte[] first = new byte[SECTORS * BLOCK];
  private final byte[] tweaks = new byte[BYTES];

  XtsSectors(CipherSpec spec, byte[] key) {
    super(spec);
    int half = key.length / 2;
    this.encrypt = aes(Cipher.ENCRYPT_MODE, key, 0, half);
    this.decrypt = aes(Cipher.DECRYPT_MODE, key, 0, half);
    this.tweak = aes(Cipher.ENCRYPT_MODE, key, half, key.length);
  }

  @Override
  void encrypt(long firstSector, int length) throws GeneralSecurityException {
    masked(encrypt, firstSector, length);
  }

  @Override
  void decrypt(long firstSector, int length) throws GeneralSecurityException {
    masked(decrypt, firstSector, length);
  }

  private void masked(Cipher aes, long firstSector, int length) throws GeneralSecurityException {
    vectors(tweak, firstSector, length / SECTOR, first);
    for (int sector = 0; sector < length / SECTOR; sector++) {
      runOn(sector);
    }
    xor(data, tweaks, length);
    aes.update(data, 0, length, data, 0);
    xor(data, tweaks, length);
  }

  /** The tweaks of one sector: each is the one before, times x in GF(2^128). */
  private void runOn(int sector) {
    long low = (long) LONGS.get(first, sector * BLOCK);
    long high = (long) LONGS.get(first, sector * BLOCK + 8);
    int end = (sector + 1) * SECTOR;
    for (int at = sector * SECTOR; at < end; at += BLOCK) {
      LONGS.set(tweaks, at, low);
      LONGS.set(tweaks, at + 8, high);
      long carry = (high >> 63) & 0x87;
      high = (high << 1) | (low >>> 63);
      low = (low << 1) ^ carry;
    }
  }
}
