/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** What a rename does when the new name is taken. renameat2(2) */
public enum RenameMode {
  REPLACE(0),
  /** EEXIST when the new name is taken. */
  NO_REPLACE(1),
  /** Both names must exist; they swap. */
  EXCHANGE(2);

  final int bits;

  RenameMode(int bits) {
    this.bits = bits;
  }
}
