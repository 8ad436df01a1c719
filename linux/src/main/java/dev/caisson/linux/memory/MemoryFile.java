/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.memory;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;

/** Files that live in memory and have no path. memfd_create(2) */
public final class MemoryFile {
  private static final int MFD_CLOEXEC = 1;

  private MemoryFile() {}

  /**
   * @param name shown in /proc, for people
   * @param size bytes; pages cost nothing until touched
   */
  public static Fd create(String name, long size) {
    try (Scratch scratch = Scratch.open()) {
      Fd file =
          Fd.adopt(
              Downcall.checked(
                  "memfd_create",
                  name,
                  SystemCall.MEMFD_CREATE,
                  scratch.string(name).address(),
                  MFD_CLOEXEC));
      Downcall.checked("ftruncate", name, SystemCall.FTRUNCATE, file.number(), size);
      return file;
    }
  }
}
