/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.launch.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a program from its end to its start: classic BPF jumps forward only, so every target is
 * already there when the jump to it is written, and its distance known.
 *
 * <p>A label is the position of an instruction counted from the end.
 */
final class Assembler {
  private static final int REACH = 255;
  private static final int MAX_LENGTH = 4096; // BPF_MAXINSNS
  private static final int SIZE = 8;

  private final List<Instruction> backwards = new ArrayList<>();

  /** A return of this verdict within reach of the next instruction, written if there is none. */
  int verdict(Verdict verdict) {
    int nearest = Math.max(0, backwards.size() - REACH);
    for (int label = backwards.size() - 1; label >= nearest; label--) {
      Instruction instruction = backwards.get(label);
      if (instruction.code() == Instruction.RETURN && instruction.operand() == verdict.value()) {
        return label;
      }
    }
    return add(new Instruction(Instruction.RETURN, 0, 0, verdict.value()));
  }

  /** Loads 32 bits of struct seccomp_data, then goes to {@code next}. */
  int load(int offset, int next) {
    return followedBy(new Instruction(Instruction.LOAD, 0, 0, offset), next);
  }

  /** Masks what was loaded, then goes to {@code next}. */
  int mask(int bits, int next) {
    return followedBy(new Instruction(Instruction.AND, 0, 0, bits), next);
  }

  /** Compares what was loaded, unsigned, and goes to one of two places. */
  int branch(int comparison, int operand, int ifTrue, int ifFalse) {
    int farTrue = within(ifTrue, 1);
    int farFalse = within(ifFalse, 0);
    farTrue = within(farTrue, 0); // the jump for ifFalse may have moved it out of reach
    return add(new Instruction(comparison, distance(farTrue), distance(farFalse), operand));
  }

  Bytes program() {
    if (backwards.size() > MAX_LENGTH) {
      throw Profile.invalid(
          backwards.size()
              + " instructions; the kernel takes "
              + MAX_LENGTH
              + ", use fewer conditions");
    }
    var out = ByteBuffer.allocate(backwards.size() * SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction instruction : backwards.reversed()) {
      out.putShort((short) instruction.code())
          .put((byte) instruction.ifTrue())
          .put((byte) instruction.ifFalse())
          .putInt(instruction.operand());
    }
    return Bytes.of(out.array());
  }

  /**
   * The label itself, or that of a long jump to it, when more than {@code spare} short of reach.
   */
  private int within(int label, int spare) {
    if (distance(label) + spare <= REACH) {
      return label;
    }
    return add(new Instruction(Instruction.JUMP, 0, 0, distance(label)));
  }

  private int followedBy(Instruction instruction, int next) {
    if (distance(next) > 0) {
      add(new Instruction(Instruction.JUMP, 0, 0, distance(next)));
    }
    return add(instruction);
  }

  /** How many instructions lie between the next one written and this one. */
  private int distance(int label) {
    return backwards.size() - 1 - label;
  }

  private int add(Instruction instruction) {
    backwards.add(instruction);
    return backwards.size() - 1;
  }
}
