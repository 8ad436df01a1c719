/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** How a file is opened; close-on-exec is always added. openat2(2), asm-generic/fcntl.h */
public enum OpenFlag {
  READ(0),
  WRITE(1),
  READ_WRITE(2),
  CREATE(0100),
  /** With {@link #CREATE}: fail with EEXIST rather than open what is there. */
  EXCLUSIVE(0200),
  NO_CONTROLLING_TERMINAL(0400),
  TRUNCATE(01000),
  APPEND(02000),
  NON_BLOCKING(04000),
  DIRECT(040000),
  DIRECTORY(0200000),
  /**
   * The last component must not be a symbolic link; with {@link #PATH} the link itself is opened.
   */
  NO_FOLLOW(0400000),
  /** A handle for *at calls and fstat, without the right to read or write. */
  PATH(010000000),
  /** An unnamed file in the directory; {@link Directory#linkOpenFile} gives it a name. */
  UNNAMED(020200000);

  static final int CLOSE_ON_EXEC = 02000000;

  final int bits;

  OpenFlag(int bits) {
    this.bits = bits;
  }

  /** Only then may struct open_how carry permissions. */
  static boolean creates(long bits) {
    return (bits & CREATE.bits) != 0 || (bits & UNNAMED.bits) == UNNAMED.bits;
  }

  static int bits(OpenFlag... flags) {
    int all = CLOSE_ON_EXEC;
    for (OpenFlag flag : flags) {
      all |= flag.bits;
    }
    return all;
  }
}
