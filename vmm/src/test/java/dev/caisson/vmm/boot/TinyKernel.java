/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes kernels of a few instructions: ELF files with a PVH entry at 1 MiB. */
public final class TinyKernel {
  public static final int START = 0x10_0000;
  private static final int HEADERS = 64 + 2 * 56;
  private static final int NOTE = 20;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  public TinyKernel() {}

  /** Raw 32-bit instructions. */
  public TinyKernel code(int... bytes) {
    for (int value : bytes) {
      code.write(value);
    }
    return this;
  }

  /** Four bytes of an instruction. */
  public TinyKernel number(int value) {
    return code(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  }

  public TinyKernel append(TinyKernel more) {
    code.writeBytes(more.code.toByteArray());
    return this;
  }

  public int size() {
    return code.size();
  }

  /** A far jump to the next instruction. */
  public TinyKernel jumpToSegment(int selector) {
    return code(0xea).number(START + code.size() + 6).code(selector, 0);
  }

  /** mov dx, port; mov al, value; out dx, al */
  public TinyKernel out(int port, int value) {
    return code(0x66, 0xba, port & 0xff, port >>> 8, 0xb0, value, 0xee);
  }

  /** Prints al. */
  public TinyKernel print() {
    return code(0x66, 0xba, 0xf8, 0x03, 0xee);
  }

  public TinyKernel print(String text) {
    text.chars().forEach(letter -> out(0x3f8, letter));
    return this;
  }

  /** mov eax, [address] */
  public TinyKernel load(int address) {
    return code(0xa1).number(address);
  }

  /** mov dword [address], value */
  public TinyKernel store(int address, int value) {
    return code(0xc7, 0x05).number(address).number(value);
  }

  /** Prints the four bytes of eax. */
  public TinyKernel printNumber() {
    for (int i = 0; i < 4; i++) {
      print().code(0xc1, 0xe8, 8); // shr eax, 8
    }
    return this;
  }

  /** Switches off, then halts for ever. */
  public TinyKernel powerOff() {
    return out(0x600, 0x34).halt();
  }

  public TinyKernel halt() {
    return code(0xf4, 0xeb, 0xfd); // hlt; jmp back
  }

  /** Starts again at the first instruction. */
  public TinyKernel repeat() {
    int next = code.size() + 5;
    return code(0xe9).number(-next);
  }

  public Path write(Path file) throws IOException {
    byte[] text = code.toByteArray();
    int size = HEADERS + NOTE + text.length;
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).putShort(18, (short) 62);
    elf.putLong(24, START).putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
    elf.putInt(64, 1).putLong(72, HEADERS + NOTE).putLong(88, START);
    elf.putLong(96, text.length).putLong(104, text.length + 4096L);
    elf.putInt(120, 4).putLong(128, HEADERS).putLong(152, NOTE).putLong(160, NOTE);
    elf.putInt(HEADERS, 4).putInt(HEADERS + 4, 4).putInt(HEADERS + 8, 18);
    elf.putInt(HEADERS + 12, 0x006e6558).putInt(HEADERS + 16, START);
    elf.put(HEADERS + NOTE, text);
    return Files.write(file, elf.array());
  }
}
