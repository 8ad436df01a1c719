/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/** A guest's console in a file: its first bytes only, since a guest can print without end. */
final class ConsoleLog implements IntConsumer, AutoCloseable {
  private static final int MOST = 1 << 20;

  private final OutputStream file;
  private final byte[] line = new byte[256];
  private int length;
  private int written;

  ConsoleLog(Path path) throws IOException {
    this.file = Files.newOutputStream(path);
  }

  @Override
  public synchronized void accept(int letter) {
    if (written >= MOST) {
      return;
    }
    line[length++] = (byte) letter;
    if (letter == '\n' || length == line.length) {
      flush();
    }
  }

  private void flush() {
    try {
      file.write(line, 0, length);
      written += length;
    } catch (IOException e) {
      written = MOST; // a full disk must not stop the guest
    }
    length = 0;
  }

  @Override
  public synchronized void close() {
    flush();
    written = MOST;
    try {
      file.close();
    } catch (IOException e) {
      System.getLogger(ConsoleLog.class.getName()).log(System.Logger.Level.DEBUG, "console", e);
    }
  }
}
