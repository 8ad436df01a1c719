/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.List;

/**
 * How users inside map to users of the host; empty lists for "the same". user_namespaces(7)
 *
 * @param users at most 340 ranges
 * @param groups at most 340 ranges
 */
public record UserMapping(List<Range> users, List<Range> groups) {
  public static final UserMapping HOST = new UserMapping(List.of(), List.of());

  /** So many ids from {@code inside} on are those from {@code outside} on. */
  public record Range(long inside, long outside, long count) {
    public Range {
      if (inside < 0
          || outside < 0
          || count <= 0
          || inside + count > 1L << 32
          || outside + count > 1L << 32) {
        throw SandboxException.invalid("id range", inside + " " + outside + " " + count);
      }
    }
  }

  public UserMapping {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
    if (users.isEmpty() != groups.isEmpty() || users.size() > 340 || groups.size() > 340) {
      throw SandboxException.invalid("user mapping", "needs 1 to 340 ranges of users and groups");
    }
  }

  /** Whether no user namespace is wanted. */
  public boolean isHost() {
    return users.isEmpty();
  }
}
