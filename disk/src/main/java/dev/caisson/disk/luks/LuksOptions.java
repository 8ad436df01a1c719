/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.DiskException;
import java.util.Locale;
import java.util.Map;

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

  /**
   * Reads the names that qemu-img gives its options: {@code cipher-alg}, {@code cipher-mode},
   * {@code ivgen-alg}, {@code ivgen-hash-alg} and {@code hash-alg}; what is not said is as in
   * {@link #DEFAULT}.
   *
   * @throws DiskException UNSUPPORTED for what LUKS headers of ours do not know
   */
  public static LuksOptions named(Map<String, String> fields) {
    String algorithm = fields.getOrDefault("cipher-alg", "aes-256");
    String mode = fields.getOrDefault("cipher-mode", "xts");
    int bits =
        switch (algorithm) {
          case "aes-128" -> 128;
          case "aes-256" -> 256;
          // With aes-192 key material would fill no whole sectors; QEMU fails with it, too.
          default -> throw unsupported("cipher-alg '" + algorithm + "'; have aes-128, aes-256");
        };
    String vectors = fields.getOrDefault("ivgen-alg", "plain64");
    if (vectors.equals("essiv")) {
      vectors += ":" + fields.getOrDefault("ivgen-hash-alg", "sha256");
    }
    var hash = LuksHash.named(fields.getOrDefault("hash-alg", "sha256"), "encryption");
    String whole = (mode + "-" + vectors).toLowerCase(Locale.ROOT);
    var cipher = CipherSpec.parse("aes", whole, "encryption");
    int keyBytes = bits / 8 * (mode.equals("xts") ? 2 : 1);
    if (!cipher.accepts(keyBytes)) {
      throw unsupported(algorithm + " with " + whole);
    }
    return new LuksOptions(cipher, keyBytes, hash, DEFAULT.iterations());
  }

  private static DiskException unsupported(String what) {
    return new DiskException(DiskException.Kind.UNSUPPORTED, "encryption: " + what);
  }

  /**
   * The same with as many rounds as take this host about so long, for each key tried.
   *
   * @param milliseconds 1 or more
   */
  public LuksOptions withIterationTime(long milliseconds) {
    double wanted = Pbkdf2.roundsInSecond(hash, keyBytes) * milliseconds / 1000;
    return withIterations(Math.clamp((long) wanted, 1000, LuksHeader.MOST_ITERATIONS));
  }
}
