/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.DiskException;
import java.util.Optional;

/**
 * How sectors are encrypted: always AES, in one mode, with one way to make each sector's
 * initialization vector.
 *
 * @param mode how blocks of a sector are chained
 * @param iv what a sector's number becomes
 * @param ivHash the hash that makes the vector's key, for {@link Iv#ESSIV} only
 */
public record CipherSpec(Mode mode, Iv iv, Optional<LuksHash> ivHash) {

  /** How the blocks of one sector are chained. */
  public enum Mode {
    XTS("xts"),
    CBC("cbc");

    private final String label;

    Mode(String label) {
      this.label = label;
    }
  }

  /** What makes the initialization vector of a sector. */
  public enum Iv {
    /** The low 32 bits of the sector's number: repeats every 2 TiB. */
    PLAIN("plain"),
    /** The sector's number. */
    PLAIN64("plain64"),
    /** The sector's number, encrypted under a hash of the key. */
    ESSIV("essiv");

    private final String label;

    Iv(String label) {
      this.label = label;
    }
  }

  /** What new containers use: AES-XTS with 64-bit sector numbers. */
  public static final CipherSpec XTS_PLAIN64 =
      new CipherSpec(Mode.XTS, Iv.PLAIN64, Optional.empty());

  private static final String ESSIV_PREFIX = "cbc-essiv:";

  /** Checks that {@link Iv#ESSIV}, and nothing else, comes with a hash. */
  public CipherSpec {
    if ((iv == Iv.ESSIV) != ivHash.isPresent()) {
      throw new IllegalArgumentException("essiv needs a hash, and nothing else takes one");
    }
    if (iv == Iv.ESSIV && mode != Mode.CBC) {
      throw new IllegalArgumentException("essiv goes with cbc only: xts masks its own vectors");
    }
  }

  /** Reads the two names of a header, such as {@code aes} and {@code cbc-essiv:sha256}. */
  static CipherSpec parse(String cipher, String mode, String subject) {
    if (!cipher.equals("aes")) {
      throw unsupported(subject, cipher, mode);
    }
    if (mode.startsWith(ESSIV_PREFIX)) {
      return essiv(LuksHash.named(mode.substring(ESSIV_PREFIX.length()), subject), subject);
    }
    for (var chaining : Mode.values()) {
      for (var iv : Iv.values()) {
        String prefix = chaining.label + "-" + iv.label;
        if (iv != Iv.ESSIV && mode.equals(prefix)) {
          return new CipherSpec(chaining, iv, Optional.empty());
        }
      }
    }
    throw unsupported(subject, cipher, mode);
  }

  private static CipherSpec essiv(LuksHash hash, String subject) {
    if (hash
        != LuksHash
            .SHA256) { // The only listed hash whose digest is an AES key, 16, 24 or 32 bytes.
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          subject + ": LUKS essiv needs sha256, not " + hash.label());
    }
    return new CipherSpec(Mode.CBC, Iv.ESSIV, Optional.of(hash));
  }

  private static DiskException unsupported(String subject, String cipher, String mode) {
    return new DiskException(
        DiskException.Kind.UNSUPPORTED,
        subject
            + ": LUKS cipher '"
            + Printable.text(cipher + "-" + mode)
            + "' is not AES in xts or cbc mode");
  }

  /** The mode as headers spell it, such as {@code xts-plain64}. */
  public String label() {
    return mode.label + "-" + iv.label + ivHash.map(hash -> ":" + hash.label()).orElse("");
  }

  /** How blocks are chained, as {@code xts}. */
  public String chaining() {
    return mode.label;
  }

  /** What makes the vectors, as {@code plain64}. */
  public String vectors() {
    return iv.label;
  }

  /** Bits of each AES key in a master key of so many bytes: XTS holds two. */
  public int keyBits(int keyBytes) {
    return mode == Mode.XTS ? keyBytes * 4 : keyBytes * 8;
  }

  /** Whether a master key of this many bytes fits: XTS holds two AES keys, CBC one. */
  boolean accepts(int keyBytes) {
    return switch (mode) {
      case XTS -> keyBytes == 32 || keyBytes == 64;
      case CBC -> keyBytes == 16 || keyBytes == 24 || keyBytes == 32;
    };
  }

  /** The cipher that this specification and a key make. */
  SectorCipher cipher(byte[] key) {
    return switch (mode) {
      case XTS -> new SectorCipher(() -> new XtsSectors(this, key));
      case CBC -> new SectorCipher(() -> new CbcSectors(this, key));
    };
  }
}
