/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/** A disk that can let bytes go, or zero them, without storing zeroes. */
public interface Sparse {

  /**
   * Says that the bytes are not needed. Afterwards they read as zero where the disk could free
   * space, and as before elsewhere (partial clusters).
   */
  void discard(long offset, long length);

  /**
   * Makes the bytes read as zero.
   *
   * @param mayFree whether the space may be freed; otherwise it stays reserved where it was
   */
  void writeZeroes(long offset, long length, boolean mayFree);
}
