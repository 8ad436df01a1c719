/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import static dev.caisson.disk.luks.SectorCipher.SECTOR;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * One thread's room to encrypt a run of sectors. Modes are built over AES in ECB, many blocks per
 * call: that is what the processor's AES units do fastest, and the JDK has no XTS.
 */
abstract sealed class SectorBatch permits XtsSectors, CbcSectors {
  static final int BLOCK = 16;
  static final int SECTORS = 64;
  static final int BYTES = SECTORS * SECTOR;
  static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The sectors, before and after {@link #run}. */
  final byte[] data = new byte[BYTES];

  private final boolean longNumbers;
  private final byte[] numbers = new byte[SECTORS * BLOCK];

  SectorBatch(CipherSpec spec) {
    this.longNumbers = spec.iv() != CipherSpec.Iv.PLAIN;
  }

  /** Turns the first {@code length} bytes of {@link #data} into the other text, in place. */
  final void run(long firstSector, int length, boolean encrypt) {
    try {
      if (encrypt) {
        encrypt(firstSector, length);
      } else {
        decrypt(firstSector, length);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES refused whole blocks", e);
    }
  }

  abstract void encrypt(long firstSector, int length) throws GeneralSecurityException;

  abstract void decrypt(long firstSector, int length) throws GeneralSecurityException;

  /** One block for each sector: its number, little endian, encrypted or as it is. */
  final void vectors(Cipher cipher, long firstSector, int sectors, byte[] into)
      throws GeneralSecurityException {
    number(firstSector, sectors);
    cipher.update(numbers, 0, sectors * BLOCK, into, 0);
  }

  /**
   * As {@link #vectors(Cipher, long, int, byte[])}, for vectors that are the numbers themselves.
   */
  final void vectors(long firstSector, int sectors, byte[] into) {
    number(firstSector, sectors);
    System.arraycopy(numbers, 0, into, 0, sectors * BLOCK);
  }

  private void number(long firstSector, int sectors) {
    for (int i = 0; i < sectors; i++) {
      long sector = firstSector + i;
      LONGS.set(numbers, i * BLOCK, longNumbers ? sector : sector & 0xffff_ffffL);
    }
  }

  static Cipher aes(int mode, byte[] key, int from, int to) {
    try {
      var cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(mode, new SecretKeySpec(Arrays.copyOfRange(key, from, to), "AES"));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  static void xor(byte[] into, byte[] from, int length) {
    for (int i = 0; i < length; i++) {
      into[i] ^= from[i];
    }
  }
}
