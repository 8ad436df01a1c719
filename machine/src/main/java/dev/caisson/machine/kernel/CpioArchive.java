/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the "newc" archives Linux unpacks as its first file system. initramfs-buffer-format.rst
 */
final class CpioArchive implements AutoCloseable {
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int CHARACTER = 0020000;

  private final OutputStream target;
  private int nextInode = 1;
  private long written;

  CpioArchive(OutputStream target) {
    this.target = target;
  }

  void directory(String path, int permissions) throws IOException {
    entry(path, DIRECTORY | permissions, 0, 0, new byte[0]);
  }

  void file(String path, int permissions, byte[] content) throws IOException {
    entry(path, REGULAR | permissions, 0, 0, content);
  }

  void characterDevice(String path, int permissions, int major, int minor) throws IOException {
    entry(path, CHARACTER | permissions, major, minor, new byte[0]);
  }

  private void entry(String path, int mode, int major, int minor, byte[] content)
      throws IOException {
    byte[] name = (path + '\0').getBytes(StandardCharsets.UTF_8);
    var header = new ByteArrayOutputStream(110);
    header.write("070701".getBytes(StandardCharsets.US_ASCII));
    // inode, mode, user, group, links, time, size, device (2), special device (2), name, checksum
    int[] fields = {
      nextInode++, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length, 0
    };
    for (int field : fields) {
      header.write("%08x".formatted(field).getBytes(StandardCharsets.US_ASCII));
    }
    write(header.toByteArray());
    write(name);
    pad();
    write(content);
    pad();
  }

  private void write(byte[] bytes) throws IOException {
    target.write(bytes);
    written += bytes.length;
  }

  private void pad() throws IOException {
    write(new byte[(int) (-written & 3)]);
  }

  /** Ends the archive; the stream stays open. */
  @Override
  public void close() throws IOException {
    entry("TRAILER!!!", 0, 0, 0, new byte[0]);
  }
}
