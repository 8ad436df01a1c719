/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Devices.Rule;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles device rules to the BPF program cgroup v2 asks on every use of a device.
 *
 * <p>It is called with {@code struct bpf_cgroup_dev_ctx} in r1 and answers 1 to allow:
 *
 * <pre>
 * r2 = type, r3 = access, r4 = major, r5 = minor
 * for each rule: unless all of it fits, go to the next; return 1
 * return 0
 * </pre>
 */
final class DeviceProgram {
  private static final int LOAD_WORD = 0x61;
  private static final int AND = 0x54;
  private static final int SHIFT_RIGHT = 0x74;
  private static final int MOVE_REGISTER = 0xbc;
  private static final int MOVE = 0xb4;
  private static final int JUMP_UNEQUAL = 0x55;
  private static final int EXIT = 0x95;

  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;
  private static final int EVERY_ACCESS = 7;

  private final List<Long> program = new ArrayList<>();

  private DeviceProgram() {}

  static long[] compile(DeviceAccess access) {
    var compiler = new DeviceProgram();
    if (!access.everything()) {
      compiler.loadContext();
      access.rules().forEach(compiler::rule);
    }
    compiler.answer(access.everything() ? 1 : 0);
    return compiler.program.stream().mapToLong(Long::longValue).toArray();
  }

  private void loadContext() {
    emit(LOAD_WORD, 2, 1, 0, 0);
    emit(MOVE_REGISTER, 3, 2, 0, 0);
    emit(SHIFT_RIGHT, 3, 0, 0, 16);
    emit(AND, 2, 0, 0, 0xffff);
    emit(LOAD_WORD, 4, 1, 4, 0);
    emit(LOAD_WORD, 5, 1, 8, 0);
  }

  private void rule(Rule rule) {
    var tests = new ArrayList<int[]>(); // register and the value it must have
    int access = access(rule.permissions());
    if (access != EVERY_ACCESS) {
      emit(MOVE_REGISTER, 1, 3, 0, 0);
      emit(AND, 1, 0, 0, ~access);
      tests.add(new int[] {1, 0});
    }
    if (rule.type() != Devices.Type.ALL) {
      tests.add(new int[] {2, rule.type() == Devices.Type.BLOCK ? BLOCK : CHARACTER});
    }
    if (rule.major() != -1) {
      tests.add(new int[] {4, rule.major()});
    }
    if (rule.minor() != -1) {
      tests.add(new int[] {5, rule.minor()});
    }
    int toNextRule = tests.size() + 1; // the tests left, then the answer's two instructions
    for (int[] test : tests) {
      emit(JUMP_UNEQUAL, test[0], 0, toNextRule--, test[1]);
    }
    answer(1);
  }

  private static int access(String permissions) {
    return (permissions.contains("m") ? 1 : 0)
        | (permissions.contains("r") ? 2 : 0)
        | (permissions.contains("w") ? 4 : 0);
  }

  private void answer(int value) {
    emit(MOVE, 0, 0, 0, value);
    emit(EXIT, 0, 0, 0, 0);
  }

  /** struct bpf_insn: opcode, two registers, jump offset, immediate. include/uapi/linux/bpf.h */
  private void emit(int opcode, int target, int source, int offset, int immediate) {
    program.add(
        opcode | (target | source << 4) << 8 | (long) offset << 16 | (long) immediate << 32);
  }
}
