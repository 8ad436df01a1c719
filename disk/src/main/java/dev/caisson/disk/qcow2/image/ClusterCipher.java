/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import java.nio.ByteBuffer;

/** Encrypts what is stored, in sectors of 512 bytes whose position in the file is their number. */
public interface ClusterCipher {

  /**
   * Replaces plain bytes by cipher bytes, from position to limit; position is left at the limit.
   *
   * @param hostOffset where they will lie in the file; a multiple of 512, as is their length
   */
  void encrypt(long hostOffset, ByteBuffer data);

  /** The reverse of {@link #encrypt}. */
  void decrypt(long hostOffset, ByteBuffer data);
}
