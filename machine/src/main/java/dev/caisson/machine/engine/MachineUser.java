/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The user a machine's process runs as: nobody else's, so that a guest that took its process over
 * finds nothing of the host's or of another machine's that it may open, signal or trace.
 *
 * @param number a user and group number that no account has, far above those of distributions and
 *     of containers with mapped users
 */
record MachineUser(int number) {
  private static final int FIRST = 0x7000_0000;
  private static final int RANGE_MASK = 0x0fff_ffff;

  /** The same for the same machine; two share one with a chance of one in 2^28. */
  static MachineUser of(String machine) {
    var sum = new CRC32C();
    sum.update(machine.getBytes(StandardCharsets.UTF_8));
    return new MachineUser(FIRST + (int) (sum.getValue() & RANGE_MASK));
  }

  /** Gives it a file or directory. */
  void own(Path file) throws IOException {
    Files.setAttribute(file, "unix:uid", number);
    Files.setAttribute(file, "unix:gid", number);
  }
}
