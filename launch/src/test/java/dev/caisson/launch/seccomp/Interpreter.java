/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.launch.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a filter program as the kernel does, refusing what its checker refuses. */
final class Interpreter {
  private final ByteBuffer program;

  Interpreter(Bytes program) {
    this.program = ByteBuffer.wrap(program.toArray()).order(ByteOrder.LITTLE_ENDIAN);
  }

  int run(int architecture, int number, long... arguments) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(number).putInt(architecture).putLong(0);
    for (long argument : arguments) {
      data.putLong(argument);
    }
    int accumulator = 0;
    for (int at = 0; ; at++) {
      int code = program.getShort(at * 8);
      int ifTrue = Byte.toUnsignedInt(program.get(at * 8 + 2));
      int ifFalse = Byte.toUnsignedInt(program.get(at * 8 + 3));
      int operand = program.getInt(at * 8 + 4);
      switch (code) {
        case Instruction.LOAD -> accumulator = data.getInt(operand);
        case Instruction.AND -> accumulator &= operand;
        case Instruction.JUMP -> at += operand;
        case Instruction.JUMP_EQUAL -> at += accumulator == operand ? ifTrue : ifFalse;
        case Instruction.JUMP_GREATER ->
            at += Integer.compareUnsigned(accumulator, operand) > 0 ? ifTrue : ifFalse;
        case Instruction.JUMP_GREATER_OR_EQUAL ->
            at += Integer.compareUnsigned(accumulator, operand) >= 0 ? ifTrue : ifFalse;
        case Instruction.RETURN -> {
          return operand;
        }
        default -> throw new IllegalStateException("instruction " + Integer.toHexString(code));
      }
    }
  }
}
