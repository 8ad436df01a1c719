/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.call.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** struct sockaddr_un of a path; at most 107 bytes. Longer paths go through /proc/self/fd. */
final class UnixAddress {
  static final int SIZE = 110;
  private static final short AF_UNIX = 1;
  private static final int LONGEST_PATH = 107;

  private UnixAddress() {}

  static MemorySegment encode(Scratch scratch, Path path) {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > LONGEST_PATH) {
      throw new IllegalArgumentException("socket path longer than 107 bytes: " + path);
    }
    MemorySegment address = scratch.allocate(SIZE, 2);
    address.set(ValueLayout.JAVA_SHORT, 0, AF_UNIX);
    MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
    return address;
  }
}
