/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;

/** Ends one request with an error number; carries no stack, since guests cause it at will. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  final int errno;

  private Refusal(int errno) {
    super("errno " + errno, null, false, false);
    this.errno = errno;
  }

  static Refusal of(Errno errno) {
    return new Refusal(errno.number());
  }

  /** The result of a kernel call, unless it is a refusal. */
  static long checked(long result) {
    if (result < 0) {
      throw new Refusal((int) -result);
    }
    return result;
  }
}
