/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

/** Where the loader puts what a kernel is handed: low memory that kernels read before they use. */
final class LowMemory {
  static final long START_INFORMATION = 0x6000;
  static final long BOOT_PARAMETERS = 0x7000;

  /** Page tables that map the first 4 GiB to themselves: six pages. */
  static final long PAGE_TABLES = 0x9000;

  static final long COMMAND_LINE = 0x2_0000;

  /** What x86 kernels keep of a command line, with the zero at its end. */
  static final int COMMAND_LINE_SIZE = 2048;

  /** Below it a kernel may not be loaded. */
  static final long END = 0x10_0000;

  private LowMemory() {}
}
