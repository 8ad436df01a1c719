/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.DiskException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/** A hash that LUKS headers may name. */
public enum LuksHash {
  SHA1("SHA-1", 20),
  SHA224("SHA-224", 28),
  SHA256("SHA-256", 32),
  SHA384("SHA-384", 48),
  SHA512("SHA-512", 64);

  private final String algorithm;
  private final int bytes;

  LuksHash(String algorithm, int bytes) {
    this.algorithm = algorithm;
    this.bytes = bytes;
  }

  /** Finds the hash that a header calls {@code name}, in lower case. */
  static LuksHash named(String name, String subject) {
    for (var hash : values()) {
      if (hash.label().equals(name)) {
        return hash;
      }
    }
    throw new DiskException(
        DiskException.Kind.UNSUPPORTED,
        subject
            + ": LUKS hash '"
            + Printable.text(name)
            + "' is not one of sha1, sha224, sha256, sha384, sha512");
  }

  /** The name as headers spell it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Size of one digest, in bytes. */
  int bytes() {
    return bytes;
  }

  /** The name javax.crypto gives to the HMAC over this hash. */
  String hmac() {
    return "Hmac" + name();
  }

  MessageDigest digest() {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
