/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** What an inode is. inode(7), S_IFMT */
public enum FileType {
  REGULAR(0100000),
  DIRECTORY(0040000),
  SYMBOLIC_LINK(0120000),
  CHARACTER_DEVICE(0020000),
  BLOCK_DEVICE(0060000),
  FIFO(0010000),
  SOCKET(0140000);

  private static final int MASK = 0170000;

  final int bits;

  FileType(int bits) {
    this.bits = bits;
  }

  static FileType ofMode(int mode) {
    for (FileType type : values()) {
      if (type.bits == (mode & MASK)) {
        return type;
      }
    }
    throw new IllegalArgumentException("no such file type: mode " + Integer.toOctalString(mode));
  }
}
