/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import java.util.List;

/** The general registers of a vCPU, in the order of struct kvm_regs. */
public record Registers(
    long rax,
    long rbx,
    long rcx,
    long rdx,
    long rsi,
    long rdi,
    long rsp,
    long rbp,
    long r8,
    long r9,
    long r10,
    long r11,
    long r12,
    long r13,
    long r14,
    long r15,
    long rip,
    long rflags) {
  /** The one flag that is always set. */
  private static final long RESERVED_FLAG = 2;

  private static final List<String> NAMES =
      List.of(
          "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15", "rip", "rflags");

  /**
   * What a boot protocol asks for.
   *
   * @param rbx what PVH passes
   * @param rsi what the 64-bit protocol passes
   */
  public static Registers entry(long rip, long rbx, long rsi) {
    return new Registers(0, rbx, 0, 0, rsi, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, rip, RESERVED_FLAG);
  }

  long[] values() {
    return new long[] {
      rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags
    };
  }

  static Registers of(long[] v) {
    return new Registers(
        v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13],
        v[14], v[15], v[16], v[17]);
  }

  /** For people: three registers a line. */
  public String dump() {
    var text = new StringBuilder();
    long[] values = values();
    for (int i = 0; i < values.length; i++) {
      text.append("%-6s %016x".formatted(NAMES.get(i), values[i])).append(i % 3 == 2 ? '\n' : ' ');
    }
    return text.toString();
  }
}
