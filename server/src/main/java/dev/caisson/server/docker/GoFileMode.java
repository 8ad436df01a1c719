/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

/** File modes as Go's {@code os.FileMode} numbers them, which the archive endpoints send. */
final class GoFileMode {
  private static final int TYPE_MASK = 0xf000;

  private GoFileMode() {}

  /**
   * @param mode {@code st_mode} of stat(2)
   */
  static long of(int mode) {
    long permissions = mode & 0777;
    permissions |= (mode & 04000) != 0 ? 1L << 23 : 0;
    permissions |= (mode & 02000) != 0 ? 1L << 22 : 0;
    permissions |= (mode & 01000) != 0 ? 1L << 20 : 0;
    return permissions
        | switch (mode & TYPE_MASK) {
          case 0x4000 -> 1L << 31; // directory
          case 0xa000 -> 1L << 27; // symbolic link
          case 0x6000 -> 1L << 26; // block device
          case 0x2000 -> 1L << 26 | 1L << 21; // character device
          case 0x1000 -> 1L << 25; // named pipe
          case 0xc000 -> 1L << 24; // socket
          default -> 0;
        };
  }
}
