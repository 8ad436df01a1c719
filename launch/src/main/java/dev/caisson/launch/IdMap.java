/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * A range of ids of a user namespace. user_namespaces(7)
 *
 * @param inside first id as seen inside, 0 to 2^32 - 2
 * @param outside first id as seen by the parent namespace, 0 to 2^32 - 2
 * @param count how many follow each other, at least 1
 */
public record IdMap(long inside, long outside, long count) {
  public IdMap {
    Ids.check(inside);
    Ids.check(outside);
    if (count < 1 || inside + count > Ids.LIMIT || outside + count > Ids.LIMIT) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN,
          "id range of " + count + " does not fit; ids end at 2^32 - 2");
    }
  }
}
