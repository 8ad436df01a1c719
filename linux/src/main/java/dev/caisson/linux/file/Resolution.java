/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** Where the kernel may go while it walks a path. openat2(2), include/uapi/linux/openat2.h */
public enum Resolution {
  /** Mount points below the directory are not crossed (EXDEV). */
  NO_CROSSING(0x01),
  /** Links such as /proc/PID/root are not followed (ELOOP). */
  NO_MAGIC_LINKS(0x02),
  /** No link at all is followed, in any component (ELOOP). */
  NO_SYMLINKS(0x04),
  /** A path that leaves the directory, even for a moment, is refused (EXDEV). */
  BENEATH(0x08),
  /** The directory is "/": absolute paths and links start there, and ".." stops there. */
  IN_ROOT(0x10);

  final int bits;

  Resolution(int bits) {
    this.bits = bits;
  }

  static int bits(Resolution... resolutions) {
    int all = 0;
    for (Resolution resolution : resolutions) {
      all |= resolution.bits;
    }
    return all;
  }
}
