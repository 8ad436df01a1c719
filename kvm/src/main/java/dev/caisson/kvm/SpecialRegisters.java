/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Segments, control registers and the like: a struct kvm_sregs whose parts are changed by name.
 * Changes answer a copy.
 */
public final class SpecialRegisters {
  private static final int SEGMENT = 24;
  private static final int CODE = 0;
  private static final int DATA = 1;
  private static final int DATA_SEGMENTS = 5; // ds, es, fs, gs, ss
  private static final int TASK = 6;
  private static final int GLOBAL_TABLE = 8 * SEGMENT;
  private static final int CR0 = 224;
  private static final int CR2 = 232;
  private static final int CR3 = 240;
  private static final int CR4 = 248;
  private static final int EFER = 264;

  private final byte[] bytes;

  /**
   * @param bytes a struct kvm_sregs
   */
  SpecialRegisters(byte[] bytes) {
    this.bytes = bytes.clone();
    if (bytes.length != Vcpu.SPECIAL_REGISTERS_SIZE) {
      throw new IllegalArgumentException(bytes.length + " bytes are no struct kvm_sregs");
    }
  }

  byte[] bytes() {
    return bytes.clone();
  }

  /** A segment as the processor caches it; type and flags are those of a descriptor. */
  private record Segment(
      long base, int limit, int selector, int type, boolean code64, boolean is32, boolean system) {}

  /** Flat 32-bit protected mode without paging: where PVH enters. */
  public SpecialRegisters flat32() {
    var changed = new SpecialRegisters(bytes);
    changed.segments(new Segment(0, -1, 0x8, 11, false, true, false));
    changed.set(CR0, 0x11); // protected mode, extension type
    changed.set(CR4, 0);
    return changed;
  }

  /**
   * 64-bit mode with paging.
   *
   * @param pageTables guest physical address of the top-level table
   */
  public SpecialRegisters long64(long pageTables) {
    var changed = new SpecialRegisters(bytes);
    changed.segments(new Segment(0, -1, 0x10, 11, true, false, false));
    changed.set(CR3, pageTables);
    changed.set(CR4, 0x20); // physical address extension
    changed.set(EFER, 0x500); // long mode, enabled and active
    changed.set(CR0, 0x80000011L); // paging, protected mode, extension type
    return changed;
  }

  /** Real mode with all segments at 0, for small guests of tests. */
  public SpecialRegisters real() {
    var changed = new SpecialRegisters(bytes);
    MemorySegment all = MemorySegment.ofArray(changed.bytes);
    for (int i = 0; i <= DATA_SEGMENTS; i++) {
      all.set(ValueLayout.JAVA_LONG_UNALIGNED, (long) SEGMENT * i, 0);
      all.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) SEGMENT * i + 12, (short) 0);
    }
    return changed;
  }

  /** For people: what tells in which mode the processor is. */
  public String dump() {
    return """
    cr0    %016x cr2    %016x cr3    %016x
    cr4    %016x efer   %016x cs     %04x base %x
    """
        .formatted(
            get(CR0),
            get(CR2),
            get(CR3),
            get(CR4),
            get(EFER),
            MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_SHORT_UNALIGNED, 12),
            get(0));
  }

  private long get(int offset) {
    return MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }

  private void segments(Segment code) {
    segment(CODE, code);
    Segment data = new Segment(0, -1, code.selector + 8, 3, false, true, false);
    for (int i = 0; i < DATA_SEGMENTS; i++) {
      segment(DATA + i, data);
    }
    // A busy task segment: Intel refuses to enter without one.
    segment(TASK, new Segment(0, 0x67, 0, 11, false, false, true));
    MemorySegment all = MemorySegment.ofArray(bytes);
    all.set(ValueLayout.JAVA_LONG_UNALIGNED, GLOBAL_TABLE, 0);
    all.set(ValueLayout.JAVA_SHORT_UNALIGNED, GLOBAL_TABLE + 8, (short) 0);
  }

  private void segment(int index, Segment segment) {
    MemorySegment at = MemorySegment.ofArray(bytes).asSlice((long) SEGMENT * index, SEGMENT);
    at.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, segment.base);
    at.set(ValueLayout.JAVA_INT_UNALIGNED, 8, segment.limit);
    at.set(ValueLayout.JAVA_SHORT_UNALIGNED, 12, (short) segment.selector);
    at.set(ValueLayout.JAVA_BYTE, 14, (byte) segment.type);
    at.set(ValueLayout.JAVA_BYTE, 15, (byte) 1); // present
    at.set(ValueLayout.JAVA_BYTE, 16, (byte) 0); // privilege level
    at.set(ValueLayout.JAVA_BYTE, 17, (byte) (segment.is32 ? 1 : 0));
    at.set(ValueLayout.JAVA_BYTE, 18, (byte) (segment.system ? 0 : 1));
    at.set(ValueLayout.JAVA_BYTE, 19, (byte) (segment.code64 ? 1 : 0));
    at.set(ValueLayout.JAVA_BYTE, 20, (byte) (segment.system ? 0 : 1)); // granularity
    at.set(ValueLayout.JAVA_BYTE, 22, (byte) 0); // usable
  }

  private void set(int offset, long value) {
    MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
  }
}
