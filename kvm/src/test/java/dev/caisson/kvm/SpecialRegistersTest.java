/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What Intel's processors check before they enter a guest. Intel's manual, volume 3C, "Checks on
 * Guest Segment Registers" and "Checks on Guest Control Registers"
 */
class SpecialRegistersTest {
  private static final int CODE = 0;
  private static final int STACK = 5;
  private static final int TASK = 6;

  /** As after a reset: real mode, the code segment at the end of 4 GiB. */
  private static SpecialRegisters reset() {
    byte[] bytes = new byte[Vcpu.SPECIAL_REGISTERS_SIZE];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 0xffff0000L);
    return new SpecialRegisters(bytes);
  }

  private record Segment(ByteBuffer bytes, int number) {
    private int at(int offset) {
      return bytes.get(24 * number + offset) & 0xff;
    }

    long base() {
      return bytes.getLong(24 * number);
    }

    long limit() {
      return Integer.toUnsignedLong(bytes.getInt(24 * number + 8));
    }

    int privilegeAsked() {
      return bytes.getShort(24 * number + 12) & 3;
    }

    void check() {
      assertThat(at(15)).as("present").isEqualTo(1);
      assertThat(at(22)).as("unusable").isZero();
      assertThat(at(16)).as("privilege level").isEqualTo(privilegeAsked());
      boolean pages = at(20) == 1;
      assertThat(pages || limit() >>> 20 == 0).as("small limit needs no granularity").isTrue();
      assertThat(!pages || (limit() & 0xfff) == 0xfff).as("limit in whole pages").isTrue();
    }
  }

  private static ByteBuffer entered(SpecialRegisters registers) {
    ByteBuffer bytes = ByteBuffer.wrap(registers.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    IntStream.rangeClosed(CODE, TASK).forEach(number -> new Segment(bytes, number).check());
    var code = new Segment(bytes, CODE);
    assertThat(code.at(14)).as("accessed code").isIn(9, 11, 13, 15);
    assertThat(code.at(18)).isEqualTo(1);
    assertThat(code.base()).isZero();
    for (int number = CODE + 1; number <= STACK; number++) {
      var data = new Segment(bytes, number);
      assertThat(data.at(14)).as("accessed, writable data").isEqualTo(3);
      assertThat(data.at(18)).isEqualTo(1);
    }
    var task = new Segment(bytes, TASK);
    assertThat(task.at(14)).as("a busy task").isEqualTo(11);
    assertThat(task.at(18)).as("of the system").isZero();
    return bytes;
  }

  @Test
  void protectedModeIsEnteredAsPvhSays() {
    ByteBuffer bytes = entered(reset().flat32());
    var code = new Segment(bytes, CODE);
    assertThat(code.at(17)).as("32 bits").isEqualTo(1);
    assertThat(code.at(19)).as("64 bits").isZero();
    assertThat(bytes.getLong(224)).as("protected, not paged").isEqualTo(0x11);
    assertThat(bytes.getLong(264)).as("no long mode").isZero();
  }

  @Test
  void longModeIsEnteredWithPaging() {
    ByteBuffer bytes = entered(reset().long64(0x9000));
    var code = new Segment(bytes, CODE);
    assertThat(code.at(19)).as("64 bits").isEqualTo(1);
    assertThat(code.at(17)).as("which exclude 32").isZero();
    assertThat(bytes.getLong(224) & 0x80000001L).as("paged, protected").isEqualTo(0x80000001L);
    assertThat(bytes.getLong(240)).isEqualTo(0x9000);
    assertThat(bytes.getLong(248) & 0x20)
        .as("PAE, without which there is no long mode")
        .isEqualTo(0x20);
    assertThat(bytes.getLong(264)).as("enabled and active").isEqualTo(0x500);
  }

  @Test
  void realModeHasEverySegmentWhereItsSelectorSays() {
    ByteBuffer bytes = ByteBuffer.wrap(reset().real().bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int number = CODE; number <= STACK; number++) {
      assertThat(new Segment(bytes, number).base()).isZero();
      assertThat(bytes.getShort(24 * number + 12)).isZero();
    }
  }
}
