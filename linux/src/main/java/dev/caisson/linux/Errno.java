/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux;

/** Error numbers as Linux spells them. errno(3), include/uapi/asm-generic/errno.h */
public enum Errno {
  EPERM(1),
  ENOENT(2);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
