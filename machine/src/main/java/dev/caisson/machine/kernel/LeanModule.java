/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A kernel module without what costs a guest time to look at and serves it nothing: its signature,
 * which the guest's kernel would check although it takes unsigned modules as well, and the type
 * descriptions for BPF programs, for which it would read those of the whole kernel first.
 */
final class LeanModule {
  /** What ends a signed module. include/linux/module_signature.h */
  private static final byte[] SIGNED =
      "~Module signature appended~\n".getBytes(StandardCharsets.US_ASCII);

  private static final int SIGNATURE_HEADER = 12;
  private static final int ELF_HEADER = 64;
  private static final int SECTION_HEADER = 64;
  private static final byte[] ELF64_LITTLE = {0x7f, 'E', 'L', 'F', 2, 1};
  private static final byte[] TYPES = ".BTF\0".getBytes(StandardCharsets.US_ASCII);

  private LeanModule() {}

  /**
   * @param module as the kernel's package has it; what is none is given back as it is
   */
  static byte[] of(byte[] module) {
    byte[] lean = unsigned(module);
    hideTypes(ByteBuffer.wrap(lean).order(ByteOrder.LITTLE_ENDIAN));
    return lean;
  }

  private static byte[] unsigned(byte[] module) {
    int header = module.length - SIGNED.length - SIGNATURE_HEADER;
    if (header < 0
        || !Arrays.equals(
            module, module.length - SIGNED.length, module.length, SIGNED, 0, SIGNED.length)) {
      return module.clone();
    }
    ByteBuffer fields = ByteBuffer.wrap(module, header, SIGNATURE_HEADER);
    int names = Byte.toUnsignedInt(module[header + 3]) + Byte.toUnsignedInt(module[header + 4]);
    long end = header - Integer.toUnsignedLong(fields.getInt(header + 8)) - names;
    return end < 0 ? module.clone() : Arrays.copyOf(module, (int) end);
  }

  /** The kernel finds sections by their names; a section without one is passed over. */
  private static void hideTypes(ByteBuffer elf) {
    if (elf.limit() < ELF_HEADER
        || !Arrays.equals(
            elf.array(), 0, ELF64_LITTLE.length, ELF64_LITTLE, 0, ELF64_LITTLE.length)) {
      return;
    }
    long sections = elf.getLong(40);
    int count = Short.toUnsignedInt(elf.getShort(60));
    int names = Short.toUnsignedInt(elf.getShort(62));
    boolean inside =
        sections >= ELF_HEADER
            && sections <= elf.limit() - (long) SECTION_HEADER * count
            && names < count;
    if (!inside) {
      return;
    }
    long texts = elf.getLong((int) sections + SECTION_HEADER * names + 24);
    for (int i = 0; i < count; i++) {
      int section = (int) sections + SECTION_HEADER * i;
      long name = texts + Integer.toUnsignedLong(elf.getInt(section));
      if (name >= 0
          && name <= elf.limit() - TYPES.length
          && Arrays.equals(
              elf.array(), (int) name, (int) name + TYPES.length, TYPES, 0, TYPES.length)) {
        elf.putInt(section, 0);
      }
    }
  }
}
