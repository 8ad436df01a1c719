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

  private static final int LARGEST = 4095; // errno as system calls answer it
  private static final Refusal[] ALL = new Refusal[LARGEST + 1];

  private Refusal(int errno) {
    super("errno " + errno, null, false, false);
    this.errno = errno;
  }

  static Refusal of(Errno errno) {
    return of(errno.number());
  }

  /** Without a stack one is as good as another, so each is made once. */
  private static Refusal of(int errno) {
    if (errno < 0 || errno > LARGEST) {
      return new Refusal(errno);
    }
    Refusal made = ALL[errno];
    if (made == null) {
      made = new Refusal(errno);
      ALL[errno] = made;
    }
    return made;
  }

  /** The result of a kernel call, unless it is a refusal. */
  static long checked(long result) {
    if (result < 0) {
      throw of((int) -result);
    }
    return result;
  }
}
