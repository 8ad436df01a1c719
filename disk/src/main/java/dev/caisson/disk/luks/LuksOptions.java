/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

/**
 * What a new container is made with.
 *
 * @param cipher how sectors are encrypted
 * @param keyBytes size of the master key; XTS takes 32 or 64, CBC 16, 24 or 32
 * @param hash the hash of PBKDF2 and of the stripes
 * @param iterations PBKDF2 rounds of each new slot, 1000 to {@value LuksHeader#MOST_ITERATIONS}:
 *     more is harder to guess and slower to open
 */
public record LuksOptions(CipherSpec cipher, int keyBytes, LuksHash hash, long iterations) {
  /** AES-256-XTS and SHA-256, as qemu-img chooses, with 600,000 rounds. */
  public static final LuksOptions DEFAULT =
      new LuksOptions(CipherSpec.XTS_PLAIN64, 64, LuksHash.SHA256, 600_000);

  /** Checks ranges. */
  public LuksOptions {
    if (!cipher.accepts(keyBytes)) {
      throw new IllegalArgumentException(
          "a key of " + keyBytes + " bytes does not fit " + cipher.label());
    }
    if (iterations < 1000 || iterations > LuksHeader.MOST_ITERATIONS) {
      throw new IllegalArgumentException(iterations + " rounds; 1000 and more are allowed");
    }
  }

  /** The same with another number of PBKDF2 rounds. */
  public LuksOptions withIterations(long rounds) {
    return new LuksOptions(cipher, keyBytes, hash, rounds);
  }
}
