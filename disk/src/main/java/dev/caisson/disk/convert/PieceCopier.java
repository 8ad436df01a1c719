/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

/** Copies pieces of a disk, one after the other; each worker has its own. */
interface PieceCopier {

  /**
   * @param offset a multiple of {@link Conversion#PIECE}
   * @param length at most that
   */
  void copy(long offset, int length);
}
