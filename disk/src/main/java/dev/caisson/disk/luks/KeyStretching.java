/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Stretches passphrases by code of the host's, which is several times as fast as Java's. Modules
 * with native access provide it by {@link ServiceLoader}; without one, Java does it.
 */
public interface KeyStretching {

  /**
   * PBKDF2 of RFC 8018, section 5.2; empty if this host cannot.
   *
   * @param hash the name of a hash as LUKS headers spell it: {@code sha256}
   * @param iterations 1 to {@value LuksHeader#MOST_ITERATIONS}
   * @param bytes length of the key
   */
  Optional<byte[]> pbkdf2(String hash, byte[] passphrase, byte[] salt, long iterations, int bytes);

  /** The provider on the module or class path, if any. */
  static Optional<KeyStretching> installed() {
    return Installed.PROVIDER;
  }

  /** Holder, so that looking costs once and only where it is needed. */
  final class Installed {
    private static final Optional<KeyStretching> PROVIDER =
        ServiceLoader.load(KeyStretching.class, KeyStretching.class.getClassLoader()).findFirst();

    private Installed() {}
  }
}
