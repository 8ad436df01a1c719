/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import java.util.List;

/** Bytes received, and the descriptors that came with them. Closing it closes those. */
@SuppressWarnings("ArrayRecordComponent") // never compared, and its one owner may change the bytes
public record Message(byte[] bytes, List<Fd> files, boolean truncated) implements AutoCloseable {
  public Message {
    files = List.copyOf(files);
  }

  /** An orderly end: the peer sends nothing more. */
  public boolean isEnd() {
    return bytes.length == 0 && files.isEmpty();
  }

  @Override
  public void close() {
    files.forEach(Fd::close);
  }
}
