/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The last words of a machine's log, of which a process taken over may have written any amount. */
public final class LogTail {
  private static final int MOST = 2000;

  private LogTail() {}

  /**
   * Without white space around them; empty where there is no log.
   *
   * @throws IOException when it cannot be read
   */
  public static String of(Path log) throws IOException {
    if (!Files.isRegularFile(log)) {
      return "";
    }
    try (FileChannel file = FileChannel.open(log)) {
      ByteBuffer last = ByteBuffer.allocate(MOST);
      long from = Math.max(0, file.size() - MOST);
      while (last.hasRemaining() && file.read(last, from + last.position()) > 0) {}
      return new String(last.array(), 0, last.position(), StandardCharsets.ISO_8859_1).strip();
    }
  }
}
