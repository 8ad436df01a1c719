/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.launch.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Turns a profile into a filter program: architecture first, then a binary search over ranges of
 * call numbers that share a verdict, then the conditions of the few calls that have any.
 */
public final class FilterCompiler {
  // struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int ARGUMENTS = 16;

  private static final int X32_BIT = 0x4000_0000;

  private final Profile profile;
  private final Assembler assembler = new Assembler();

  private FilterCompiler(Profile profile) {
    this.profile = profile;
  }

  /**
   * The program, 8 bytes an instruction, for little-endian machines.
   *
   * @throws dev.caisson.launch.LaunchException INVALID_PROFILE: it needs more than 4,096
   *     instructions
   */
  public static Bytes compile(Profile profile) {
    return new FilterCompiler(profile).program();
  }

  private Bytes program() {
    int next = assembler.verdict(Verdict.KILL_PROCESS);
    // Backwards, so that the machine's own architecture is asked for first.
    for (SystemCallTable table : List.of(SystemCallTable.X86, SystemCallTable.X86_64)) {
      if (profile.architectures().contains(table)) {
        int calls = assembler.load(NUMBER, search(table));
        next = assembler.branch(Instruction.JUMP_EQUAL, table.auditArchitecture(), calls, next);
      }
    }
    assembler.load(ARCHITECTURE, next);
    return assembler.program();
  }

  /** From this number up to the next range's, calls are decided alike. */
  private record Range(int first, Verdict verdict, List<Rule> conditional) {
    boolean decidesLike(Range other) {
      return verdict.equals(other.verdict) && conditional.isEmpty() && other.conditional.isEmpty();
    }
  }

  private int search(SystemCallTable table) {
    List<Range> ranges = ranges(table);
    return search(ranges, 0, ranges.size());
  }

  private int search(List<Range> ranges, int from, int to) {
    if (to - from == 1) {
      return decide(ranges.get(from));
    }
    int middle = (from + to) >>> 1;
    int upper = search(ranges, middle, to);
    int lower = search(ranges, from, middle);
    return assembler.branch(
        Instruction.JUMP_GREATER_OR_EQUAL, ranges.get(middle).first(), upper, lower);
  }

  private List<Range> ranges(SystemCallTable table) {
    var ranges = new ArrayList<Range>();
    add(ranges, new Range(0, profile.standard(), List.of()));
    rulesByNumber(table)
        .forEach((number, rules) -> {
          add(ranges, decision(number, rules));
          add(ranges, new Range(number + 1, profile.standard(), List.of()));
        });
    if (profile.standard().isErrno()) {
      add(ranges, new Range(table.highest() + 1, Verdict.NOT_IMPLEMENTED, List.of()));
    }
    if (table == SystemCallTable.X86_64) {
      // Numbers of x32, a third way into the kernel that hardly anyone builds: as if not built.
      add(ranges, new Range(X32_BIT, Verdict.NOT_IMPLEMENTED, List.of()));
    }
    return ranges;
  }

  private static void add(List<Range> ranges, Range range) {
    if (!ranges.isEmpty() && ranges.getLast().first() == range.first()) {
      ranges.removeLast();
    }
    if (ranges.isEmpty() || !ranges.getLast().decidesLike(range)) {
      ranges.add(range);
    }
  }

  private Map<Integer, List<Rule>> rulesByNumber(SystemCallTable table) {
    var found = new TreeMap<Integer, List<Rule>>();
    for (Rule rule : profile.rules()) {
      for (String call : rule.calls()) {
        OptionalInt number = table.numberOf(call);
        number.ifPresent(n -> found.computeIfAbsent(n, key -> new ArrayList<>()).add(rule));
      }
    }
    return found;
  }

  private Range decision(int number, List<Rule> rules) {
    return rules.stream()
        .filter(rule -> rule.conditions().isEmpty())
        .findFirst()
        .map(rule -> new Range(number, rule.verdict(), List.of()))
        .orElseGet(() -> new Range(number, profile.standard(), rules));
  }

  private int decide(Range range) {
    if (range.conditional().isEmpty()) {
      return assembler.verdict(range.verdict());
    }
    int next = assembler.verdict(range.verdict());
    for (Rule rule : range.conditional().reversed()) {
      int pass = assembler.verdict(rule.verdict());
      for (Condition condition : rule.conditions().reversed()) {
        pass = test(condition, pass, next);
      }
      next = pass;
    }
    return next;
  }

  /** Arguments have 64 bits and the machine compares 32: the upper half decides, or the lower. */
  private int test(Condition condition, int pass, int fail) {
    return switch (condition.operator()) {
      case EQUAL -> masked(condition.argument(), -1, condition.value(), pass, fail);
      case NOT_EQUAL -> masked(condition.argument(), -1, condition.value(), fail, pass);
      case MASKED_EQUAL ->
          masked(condition.argument(), condition.value(), condition.masked(), pass, fail);
      case GREATER -> ordered(condition, Instruction.JUMP_GREATER, pass, fail);
      case GREATER_OR_EQUAL -> ordered(condition, Instruction.JUMP_GREATER_OR_EQUAL, pass, fail);
      case LESS -> ordered(condition, Instruction.JUMP_GREATER_OR_EQUAL, fail, pass);
      case LESS_OR_EQUAL -> ordered(condition, Instruction.JUMP_GREATER, fail, pass);
    };
  }

  private int masked(int argument, long mask, long value, int pass, int fail) {
    int low = half(low(argument), (int) mask, (int) value, pass, fail);
    return half(high(argument), (int) (mask >>> 32), (int) (value >>> 32), low, fail);
  }

  private int half(int offset, int mask, int value, int pass, int fail) {
    int compare = assembler.branch(Instruction.JUMP_EQUAL, value, pass, fail);
    return assembler.load(offset, mask == -1 ? compare : assembler.mask(mask, compare));
  }

  private int ordered(Condition condition, int comparison, int pass, int fail) {
    int lowValue = (int) condition.value();
    int highValue = (int) (condition.value() >>> 32);
    int low =
        assembler.load(
            low(condition.argument()), assembler.branch(comparison, lowValue, pass, fail));
    int equal = assembler.branch(Instruction.JUMP_EQUAL, highValue, low, fail);
    return assembler.load(
        high(condition.argument()),
        assembler.branch(Instruction.JUMP_GREATER, highValue, pass, equal));
  }

  private static int low(int argument) {
    return ARGUMENTS + 8 * argument;
  }

  private static int high(int argument) {
    return low(argument) + 4;
  }
}
