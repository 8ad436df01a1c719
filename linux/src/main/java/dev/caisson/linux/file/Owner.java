/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** Checks user and group numbers before they become 32 bits: 2^32 must never arrive as root. */
final class Owner {
  /** chown(2): leave this one as it is. */
  static final long UNCHANGED = -1;

  private Owner() {}

  static long checked(long id) {
    if (id == UNCHANGED) {
      return 0xffff_ffffL;
    }
    if (id < 0 || id >= 0xffff_ffffL) {
      throw new IllegalArgumentException("user or group number out of range: " + id);
    }
    return id;
  }
}
