/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

/**
 * Where the first processor begins.
 *
 * @param address of the first instruction, guest physical
 * @param argument of what the loader left for the kernel, guest physical; PVH expects it in ebx,
 *     the 64-bit protocol in rsi
 */
public record EntryPoint(Mode mode, long address, long argument) {

  /** What the processor is set to. */
  public enum Mode {
    /** Xen's PVH: 32-bit protected mode, flat segments, no paging. */
    PVH,
    /** Linux's 64-bit boot protocol: long mode, the first 4 GiB mapped to themselves. */
    LONG
  }

  /** Of the top-level page table for {@link Mode#LONG}. */
  public static final long PAGE_TABLES = LowMemory.PAGE_TABLES;
}
