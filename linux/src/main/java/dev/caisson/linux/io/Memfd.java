/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;

/** Files that exist only in memory, without a path on the host. memfd_create(2) */
public final class Memfd {
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033; // include/uapi/linux/fcntl.h
  private static final int F_GET_SEALS = 1034;
  private static final int SEAL_SHRINK = 2;
  private static final int SEAL_SEAL_SHRINK_GROW = 1 | 2 | 4;
  private static final int SEAL_SEAL_SHRINK_GROW_WRITE = SEAL_SEAL_SHRINK_GROW | 8;

  private Memfd() {}

  /** An empty file; {@code name} shows in /proc only. */
  public static Fd create(String name) {
    return create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }

  /** A file with this content that nobody, not even we, can change any more. */
  public static Fd sealed(String name, byte[] content) {
    Fd fd = create(name);
    new Channel(fd).writeFully(content);
    seal(fd);
    return fd;
  }

  /** Forbids writing, growing, shrinking and further seals. Fails with EBUSY if mapped writable. */
  public static void seal(Fd memfd) {
    seal(memfd, SEAL_SEAL_SHRINK_GROW_WRITE);
  }

  /**
   * Forbids growing, shrinking and further seals: whoever else gets it can take no page away from
   * those who have it mapped.
   */
  public static void sealSize(Fd memfd) {
    seal(memfd, SEAL_SEAL_SHRINK_GROW);
  }

  private static void seal(Fd memfd, int seals) {
    Downcall.checked("fcntl", memfd, SystemCall.FCNTL, memfd.number(), F_ADD_SEALS, seals);
  }

  /**
   * Whether nobody can shorten a file that another process may hold as well, from now on: whoever
   * maps it meets no SIGBUS. False for what is no memfd, and for one whose maker forbids it.
   */
  public static boolean keepsItsSize(Fd file) {
    long seals = Downcall.attempt(SystemCall.FCNTL, file.number(), F_GET_SEALS, 0);
    return seals >= 0
        && ((seals & SEAL_SHRINK) != 0
            || Downcall.attempt(SystemCall.FCNTL, file.number(), F_ADD_SEALS, SEAL_SHRINK) == 0);
  }

  private static Fd create(String name, int flags) {
    try (Scratch scratch = Scratch.open()) {
      return Fd.adopt(
          Downcall.checked(
              "memfd_create",
              name,
              SystemCall.MEMFD_CREATE,
              scratch.string(name).address(),
              flags));
    }
  }
}
