/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** A kernel of a few instructions: an ELF file that is entered by PVH at 1 MiB. */
final class SmallKernel {
  private static final int START = 0x10_0000;
  private static final int NOTE = 64 + 2 * 56;
  private static final int CODE = NOTE + 20;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  /** Raw 32-bit instructions. */
  SmallKernel code(int... bytes) {
    for (int value : bytes) {
      code.write(value);
    }
    return this;
  }

  private SmallKernel out(int port, int value) {
    return code(0x66, 0xba, port & 0xff, port >>> 8, 0xb0, value, 0xee);
  }

  /** On the serial port. */
  SmallKernel print(String text) {
    text.chars().forEach(letter -> out(0x3f8, letter));
    return this;
  }

  SmallKernel powerOff() {
    return out(0x600, 0x34).halt();
  }

  SmallKernel halt() {
    return code(0xf4, 0xeb, 0xfd);
  }

  Path write(Path file) throws IOException {
    byte[] text = code.toByteArray();
    ByteBuffer elf = ByteBuffer.allocate(CODE + text.length).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).putShort(18, (short) 62);
    elf.putLong(24, START).putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
    elf.putInt(64, 1).putLong(72, CODE).putLong(88, START);
    elf.putLong(96, text.length).putLong(104, text.length + 4096L);
    elf.putInt(120, 4).putLong(128, NOTE).putLong(152, 20).putLong(160, 20);
    elf.putInt(NOTE, 4).putInt(NOTE + 4, 4).putInt(NOTE + 8, 18); // XEN_ELFNOTE_PHYS32_ENTRY
    elf.putInt(NOTE + 12, 0x006e6558).putInt(NOTE + 16, START);
    return Files.write(file, elf.put(CODE, text).array());
  }
}
