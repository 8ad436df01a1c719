/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.util.Optional;

/** Entries one after the other, each file's data between it and the next. */
public interface EntrySource {
  /**
   * The next entry, or empty at the end. Data of the entry before that was not read is skipped.
   *
   * @throws dev.caisson.image.ImageException INVALID, UNSUPPORTED, TOO_LARGE
   */
  Optional<Entry> next();

  /** Reads data of the file entry given last; 0 when there is no more. Holes are left out. */
  int read(byte[] bytes, int offset, int length);
}
