/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

/** Kinds of chunk in a structured or extended reply. */
public final class Chunk {
  private Chunk() {}

  public static final int NONE = 0;
  public static final int OFFSET_DATA = 1;
  public static final int OFFSET_HOLE = 2;
  public static final int BLOCK_STATUS = 5;
  public static final int BLOCK_STATUS_EXT = 6;

  /** Every error has this bit, known or not. */
  public static final int ERROR_BIT = 1 << 15;

  static final int ERROR = ERROR_BIT | 1;
  static final int ERROR_OFFSET = ERROR_BIT | 2;
}
