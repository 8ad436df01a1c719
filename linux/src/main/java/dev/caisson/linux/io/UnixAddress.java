/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.file.Directory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * struct sockaddr_un of a path. One beyond 107 bytes goes through an open descriptor of its
 * directory, which must stay open until the call is made. unix(7)
 */
final class UnixAddress implements AutoCloseable {
  static final int SIZE = 110;
  private static final short AF_UNIX = 1;
  private static final int LONGEST_PATH = 107;

  private final Optional<Directory> directory;
  private final byte[] name;

  private UnixAddress(Optional<Directory> directory, byte[] name) {
    this.directory = directory;
    this.name = name;
  }

  static UnixAddress of(Path path) {
    byte[] name = bytes(path);
    if (name.length <= LONGEST_PATH) {
      return new UnixAddress(Optional.empty(), name);
    }
    Path parent = path.getParent();
    Path last = path.getFileName();
    if (parent == null || last == null || bytes(last).length > LONGEST_PATH / 2) {
      throw new IllegalArgumentException("socket name too long: " + path);
    }
    Directory opened = Directory.open(parent);
    return new UnixAddress(Optional.of(opened), bytes(opened.fd().path().resolve(last)));
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  MemorySegment encode(Scratch scratch) {
    MemorySegment address = scratch.allocate(SIZE, 2);
    address.set(ValueLayout.JAVA_SHORT, 0, AF_UNIX);
    MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
    return address;
  }

  @Override
  public void close() {
    directory.ifPresent(Directory::close);
  }
}
