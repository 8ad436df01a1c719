/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LeanModuleTest {
  private static final int SECTIONS = 128;

  /** A file of three sections: none, the names, and types for BPF. */
  private static byte[] module() {
    ByteBuffer elf = ByteBuffer.allocate(SECTIONS + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    elf.putLong(40, SECTIONS).putShort(58, (short) 64);
    elf.putShort(60, (short) 3).putShort(62, (short) 1);
    byte[] names = "\0.shstrtab\0.BTF\0".getBytes(StandardCharsets.US_ASCII);
    elf.put(64, names);
    elf.putInt(SECTIONS + 64, 1)
        .putLong(SECTIONS + 64 + 24, 64)
        .putLong(SECTIONS + 64 + 32, names.length);
    elf.putInt(SECTIONS + 128, 11).putLong(SECTIONS + 128 + 24, 100);
    return elf.array();
  }

  private static byte[] signed(byte[] module, int signatureSize) {
    String end = "~Module signature appended~\n";
    ByteBuffer whole = ByteBuffer.allocate(module.length + 20 + 12 + end.length());
    whole.put(module).put(new byte[20]);
    whole.put(new byte[8]).putInt(signatureSize);
    whole.put(end.getBytes(StandardCharsets.US_ASCII));
    return whole.array();
  }

  @Test
  void aSignatureAndTypesGo() {
    byte[] module = module();
    byte[] lean = LeanModule.of(signed(module, 20));
    assertThat(lean).hasSameSizeAs(module);
    ByteBuffer section = ByteBuffer.wrap(lean).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(section.getInt(SECTIONS + 128)).as("its name").isZero();
    assertThat(section.getInt(SECTIONS + 64)).as("the others keep theirs").isEqualTo(1);
    assertThat(LeanModule.of(lean)).isEqualTo(lean);
  }

  @Test
  void whatIsNoModuleStaysAsItIs() {
    byte[] text = "no module".getBytes(StandardCharsets.US_ASCII);
    assertThat(LeanModule.of(text)).isEqualTo(text);
    byte[] lying = signed(text, Integer.MAX_VALUE);
    assertThat(LeanModule.of(lying)).isEqualTo(lying);
    byte[] negative = signed(text, -1);
    assertThat(LeanModule.of(negative)).isEqualTo(negative);
  }

  @Test
  void anyBytesAreSurvived() {
    var random = new Random(11);
    for (int round = 0; round < 20_000; round++) {
      byte[] garbled = signed(module(), random.nextInt(100));
      for (int i = random.nextInt(6); i >= 0; i--) {
        garbled[random.nextInt(garbled.length)] = (byte) random.nextInt();
      }
      byte[] cut = Arrays.copyOf(garbled, random.nextInt(garbled.length + 1));
      assertThat(LeanModule.of(cut).length).isLessThanOrEqualTo(cut.length);
      assertThat(LeanModule.of(garbled).length).isLessThanOrEqualTo(garbled.length);
    }
  }
}
