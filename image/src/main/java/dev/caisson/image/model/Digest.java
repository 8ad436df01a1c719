/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The name of some bytes: algorithm and lower-case hexadecimal hash. OCI image-spec 1.1, descriptor
 *
 * <p>A {@code Digest} is safe to use as a file name: nothing but the two registered algorithms and
 * exactly as many hexadecimal digits as they have ever gets past the constructor.
 */
public record Digest(String algorithm, String hex) implements Comparable<Digest> {
  public static final String SHA256 = "sha256";
  public static final String SHA512 = "sha512";

  public Digest {
    int length =
        switch (algorithm) {
          case SHA256 -> 64;
          case SHA512 -> 128;
          default -> throw unsupported(algorithm);
        };
    if (hex.length() != length || !lowerHex(hex)) {
      throw new ImageException(
          ImageException.Kind.INVALID,
          "digest "
              + algorithm
              + ":"
              + clipped(hex)
              + " needs "
              + length
              + " lower-case hex digits");
    }
  }

  /**
   * Reads {@code algorithm:hex}.
   *
   * @throws ImageException INVALID when malformed, UNSUPPORTED for an unknown algorithm
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new ImageException(
          ImageException.Kind.INVALID,
          "digest " + clipped(text) + " has no algorithm before a ':'");
    }
    return new Digest(text.substring(0, colon), text.substring(colon + 1));
  }

  /** As {@link #parse}, but empty for what is no digest. */
  public static Optional<Digest> tryParse(String text) {
    try {
      return Optional.of(parse(text));
    } catch (ImageException _) {
      return Optional.empty();
    }
  }

  /** The sha256 digest of {@code bytes}. */
  public static Digest of(byte[] bytes) {
    var hash = newHash(SHA256);
    hash.update(bytes);
    return finish(hash);
  }

  /** Ends {@code hash}, which must come from {@link #newHash} with {@link #SHA256}. */
  public static Digest finish(MessageDigest hash) {
    return new Digest(SHA256, HexFormat.of().formatHex(hash.digest()));
  }

  /** A fresh hash of this digest's algorithm. */
  public MessageDigest newHash() {
    return newHash(algorithm);
  }

  /** A fresh hash; any word but {@link #SHA512} means SHA-256. */
  public static MessageDigest newHash(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm.equals(SHA512) ? "SHA-512" : "SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256 and SHA-512", e);
    }
  }

  /** Whether {@code hash}, which this call ends, has seen exactly the bytes of this digest. */
  public boolean matches(MessageDigest hash) {
    return hex.equals(HexFormat.of().formatHex(hash.digest()));
  }

  /** The first twelve digits, as shown to people. */
  public String shortHex() {
    return hex.substring(0, 12);
  }

  @Override
  public int compareTo(Digest other) {
    int byAlgorithm = algorithm.compareTo(other.algorithm);
    return byAlgorithm != 0 ? byAlgorithm : hex.compareTo(other.hex);
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }

  private static boolean lowerHex(String text) {
    return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  private static ImageException unsupported(String algorithm) {
    return new ImageException(
        ImageException.Kind.UNSUPPORTED,
        "digest algorithm " + clipped(algorithm) + " is not supported; use sha256 or sha512");
  }

  private static String clipped(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
