/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

/** Kinds of chunk in a structured or extended reply. */
final class Chunk {
  private Chunk() {}

  static final int NONE = 0;
  static final int OFFSET_DATA = 1;
  static final int OFFSET_HOLE = 2;
  static final int BLOCK_STATUS = 5;
  static final int BLOCK_STATUS_EXT = 6;

  /** Every error has this bit, known or not. */
  static final int ERROR_BIT = 1 << 15;

  static final int ERROR = ERROR_BIT | 1;
  static final int ERROR_OFFSET = ERROR_BIT | 2;
}
