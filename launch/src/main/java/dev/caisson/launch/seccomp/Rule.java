/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import java.util.List;
import java.util.Set;

/**
 * A decision about some calls.
 *
 * @param calls by name; names an architecture does not have are passed over
 * @param conditions all must hold; none: the rule always applies
 * @param why who needs it; may be empty
 */
public record Rule(Set<String> calls, Verdict verdict, List<Condition> conditions, String why) {
  public Rule {
    calls = Set.copyOf(calls);
    conditions = List.copyOf(conditions);
  }
}
