/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/** Range of user and group ids: 2^32 - 1 means "unchanged" to the kernel, so it is never an id. */
final class Ids {
  static final long LIMIT = 0xffff_ffffL;

  private Ids() {}

  static long check(long id) {
    if (id < 0 || id >= LIMIT) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN, "id " + id + " is outside 0 to 4294967294");
    }
    return id;
  }
}
