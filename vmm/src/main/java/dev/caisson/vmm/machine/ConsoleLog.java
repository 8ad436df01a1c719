/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.Channel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** A guest's console in a file: its first bytes only, since a guest can print without end. */
public final class ConsoleLog implements IntConsumer, AutoCloseable {
  private static final int MOST = 1 << 20;

  private final Channel file;
  private final byte[] line = new byte[256];
  private int length;
  private int written;

  /**
   * @param file closed with the log
   */
  public ConsoleLog(Channel file) {
    this.file = file;
  }

  /** In a new file, or one that is emptied. */
  public static ConsoleLog in(Path file) {
    return new ConsoleLog(
        new Channel(
            Directory.openFile(file, 0640, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.TRUNCATE)));
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
      file.writeFully(Arrays.copyOf(line, length));
      written += length;
    } catch (LinuxException e) {
      written = MOST; // a full disk must not stop the guest
    }
    length = 0;
  }

  @Override
  public synchronized void close() {
    if (written < MOST) {
      flush();
    }
    written = MOST;
    file.close();
  }
}
