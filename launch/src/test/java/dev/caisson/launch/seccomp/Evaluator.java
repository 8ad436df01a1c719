/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import java.util.List;

/** What a profile says of a call, read straight from its rules: the meaning programs must have. */
final class Evaluator {
  private static final int X32 = 0x4000_0000;

  private Evaluator() {}

  static Verdict judge(Profile profile, SystemCallTable table, int number, long... arguments) {
    if (!profile.architectures().contains(table)) {
      return Verdict.KILL_PROCESS;
    }
    boolean x32 = table == SystemCallTable.X86_64 && Integer.compareUnsigned(number, X32) >= 0;
    if (x32
        || (Integer.compareUnsigned(number, table.highest()) > 0 && profile.standard().isErrno())) {
      return Verdict.NOT_IMPLEMENTED;
    }
    List<Rule> rules =
        profile.rules().stream()
            .filter(rule ->
                rule.calls().stream().anyMatch(call -> table.numberOf(call).orElse(-1) == number))
            .toList();
    return rules.stream()
        .filter(rule -> rule.conditions().isEmpty())
        .findFirst()
        .or(() ->
            rules.stream()
                .filter(rule -> rule.conditions().stream().allMatch(c -> holds(c, arguments)))
                .findFirst())
        .map(Rule::verdict)
        .orElse(profile.standard());
  }

  private static boolean holds(Condition condition, long[] arguments) {
    long actual = arguments[condition.argument()];
    int order = Long.compareUnsigned(actual, condition.value());
    return switch (condition.operator()) {
      case NOT_EQUAL -> order != 0;
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case EQUAL -> order == 0;
      case GREATER_OR_EQUAL -> order >= 0;
      case GREATER -> order > 0;
      case MASKED_EQUAL -> (actual & condition.value()) == condition.masked();
    };
  }
}
