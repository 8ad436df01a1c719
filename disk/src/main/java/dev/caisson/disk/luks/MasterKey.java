/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.util.Arrays;

/** The key that a right passphrase reveals; {@link #close} wipes this copy of it. */
public final class MasterKey implements AutoCloseable {
  private final byte[] key;
  private final CipherSpec spec;

  MasterKey(byte[] key, CipherSpec spec) {
    this.key = key;
    this.spec = spec;
  }

  /** A cipher for the payload; it outlives this object. */
  public SectorCipher cipher() {
    return spec.cipher(key.clone()); // each further thread's batch is made of it, later
  }

  byte[] bytes() {
    return key;
  }

  @Override
  public void close() {
    Arrays.fill(key, (byte) 0);
  }
}
