/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Channel;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** One of the caller's own descriptors, written to directly. */
final class CallerOutput extends OutputStream {
  private final Channel channel;

  CallerOutput(Fd fd) {
    this.channel = new Channel(fd);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      channel.writeFully(Arrays.copyOfRange(bytes, offset, offset + length));
    } catch (LinuxException e) {
      throw new IOException(e.getMessage(), e); // the reader of a pipe has left
    }
  }

  @Override
  public void close() {
    channel.close();
  }
}
