/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.luks.KeyStretching;
import dev.caisson.linux.digest.PasswordKeys;
import java.util.Optional;

/** Passphrases stretched by libcrypto, for the disk module. */
public final class LinuxKeyStretching implements KeyStretching {
  @Override
  public Optional<byte[]> pbkdf2(
      String hash, byte[] passphrase, byte[] salt, long iterations, int bytes) {
    return PasswordKeys.get()
        .flatMap(keys -> keys.pbkdf2(hash, passphrase, salt, Math.toIntExact(iterations), bytes));
  }
}
