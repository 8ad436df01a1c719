/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/** A disk whose size can change. */
public interface Resizable {

  /**
   * Grows the disk with zeroes, or cuts off its end.
   *
   * @param size the new size in bytes
   */
  void resize(long size);
}
