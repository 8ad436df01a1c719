/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import static dev.caisson.disk.luks.SectorCipher.SECTOR;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/**
 * AES-CBC, each sector a chain of its own. Encrypting a chain cannot run ahead of itself, so the
 * sectors go side by side: block 0 of all, block 1 of all, and so on.
 */
final class CbcSectors extends SectorBatch {
  private final Cipher encrypt;
  private final Cipher decrypt;
  private final CipherSpec spec;
  private final Cipher essiv;
  private final byte[] chain = new byte[SECTORS * BLOCK];
  private final byte[] masks = new byte[BYTES];

  CbcSectors(CipherSpec spec, byte[] key) {
    super(spec);
    this.spec = spec;
    this.encrypt = aes(Cipher.ENCRYPT_MODE, key, 0, key.length);
    this.decrypt = aes(Cipher.DECRYPT_MODE, key, 0, key.length);
    byte[] vectorKey = spec.ivHash().map(hash -> hash.digest().digest(key)).orElse(key);
    this.essiv = aes(Cipher.ENCRYPT_MODE, vectorKey, 0, vectorKey.length);
  }

  @Override
  void encrypt(long firstSector, int length) throws GeneralSecurityException {
    int sectors = length / SECTOR;
    firstMasks(firstSector, sectors);
    for (int block = 0; block < SECTOR; block += BLOCK) {
      for (int sector = 0; sector < sectors; sector++) {
        int at = sector * SECTOR + block;
        LONGS.set(
            chain,
            sector * BLOCK,
            (long) LONGS.get(chain, sector * BLOCK) ^ (long) LONGS.get(data, at));
        LONGS.set(
            chain,
            sector * BLOCK + 8,
            (long) LONGS.get(chain, sector * BLOCK + 8) ^ (long) LONGS.get(data, at + 8));
      }
      encrypt.update(chain, 0, sectors * BLOCK, chain, 0);
      for (int sector = 0; sector < sectors; sector++) {
        System.arraycopy(chain, sector * BLOCK, data, sector * SECTOR + block, BLOCK);
      }
    }
  }

  @Override
  void decrypt(long firstSector, int length) throws GeneralSecurityException {
    int sectors = length / SECTOR;
    firstMasks(firstSector, sectors);
    for (int sector = 0; sector < sectors; sector++) {
      System.arraycopy(chain, sector * BLOCK, masks, sector * SECTOR, BLOCK);
      System.arraycopy(data, sector * SECTOR, masks, sector * SECTOR + BLOCK, SECTOR - BLOCK);
    }
    decrypt.update(data, 0, length, data, 0);
    xor(data, masks, length);
  }

  /** Fills {@link #chain} with each sector's initialization vector. */
  private void firstMasks(long firstSector, int sectors) throws GeneralSecurityException {
    if (spec.iv() == CipherSpec.Iv.ESSIV) {
      vectors(essiv, firstSector, sectors, chain);
    } else {
      vectors(firstSector, sectors, chain);
    }
  }
}
