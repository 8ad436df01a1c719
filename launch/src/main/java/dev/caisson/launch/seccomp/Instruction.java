/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

/**
 * One instruction of classic BPF. linux/filter.h
 *
 * @param ifTrue how many instructions to skip when a comparison holds, 0 to 255
 * @param ifFalse how many to skip when it does not
 */
record Instruction(int code, int ifTrue, int ifFalse, int operand) {
  static final int LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
  static final int AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
  static final int JUMP = 0x05; // BPF_JMP | BPF_JA
  static final int JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
  static final int JUMP_GREATER = 0x25;
  static final int JUMP_GREATER_OR_EQUAL = 0x35;
  static final int RETURN = 0x06; // BPF_RET | BPF_K
}
