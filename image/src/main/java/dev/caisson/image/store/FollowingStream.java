/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;

/** Reads a draft while it is being written; see {@link BlobWriter#follow}. */
final class FollowingStream extends InputStream {
  private final RandomAccessFile file;
  private final Progress progress;
  private final int generation;
  private long position;

  FollowingStream(RandomAccessFile file, Progress progress) {
    this.file = file;
    this.progress = progress;
    this.generation = progress.generation();
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    long there = progress.awaitBeyond(position, generation);
    if (there < 0) {
      return -1;
    }
    int n = file.read(bytes, offset, (int) Math.min(length, there));
    if (n > 0) {
      position += n;
    }
    return n;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
