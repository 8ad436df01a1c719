/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.model.Digest;

/** Is told how a pull or push goes on, from any thread. */
public interface TransferListener {
  /** Listens to nothing. */
  TransferListener SILENT = (_, _, _, _) -> {};

  /** Where one blob is. */
  enum Phase {
    WAITING,
    /** Bytes are moving. */
    TRANSFERRING,
    /** It was there already. */
    PRESENT,
    /** The other side took it from another of its repositories. */
    MOUNTED,
    DONE
  }

  /**
   * Something moved.
   *
   * @param bytes so far, resumed ones included
   * @param total size of the blob
   */
  void progress(Digest blob, Phase phase, long bytes, long total);
}
