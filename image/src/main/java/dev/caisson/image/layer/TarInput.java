/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The bytes of a tar archive in blocks of 512, counted and bounded. */
final class TarInput {
  static final int BLOCK = 512;

  private final InputStream in;
  private final long limit;
  private long position;

  TarInput(InputStream in, long limit) {
    this.in = in;
    this.limit = limit;
  }

  /** Fills {@code block}; false when the archive ended before its first byte. */
  boolean readBlock(byte[] block) throws IOException {
    int n = in.readNBytes(block, 0, BLOCK);
    count(n);
    if (n != 0 && n != BLOCK) {
      throw truncated();
    }
    return n == BLOCK;
  }

  /** Reads up to {@code length} bytes, at least one. */
  int read(byte[] bytes, int offset, int length) throws IOException {
    int n = in.read(bytes, offset, length);
    if (n < 0) {
      throw truncated();
    }
    count(n);
    return n;
  }

  byte[] readExactly(int length) throws IOException {
    var bytes = in.readNBytes(length);
    count(bytes.length);
    if (bytes.length != length) {
      throw truncated();
    }
    return bytes;
  }

  void skip(long length) throws IOException {
    count(length); // before, so that a bomb in skipped data is not read at all
    try {
      in.skipNBytes(length);
    } catch (EOFException _) {
      throw truncated();
    }
  }

  /** As {@link #skip}, but the archive may end here: umoci leaves the last padding out. */
  void skipOrEnd(long length) throws IOException {
    count(in.readNBytes((int) length).length);
  }

  /** Reads to the end of the stream, which may hold any padding. */
  void drain() throws IOException {
    var buffer = new byte[8 << 10];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      count(n);
    }
  }

  /** Skips to the next multiple of {@link #BLOCK} after {@code length} bytes of data. */
  void skipPadding(long length) throws IOException {
    skip(-length & (BLOCK - 1));
  }

  private void count(long bytes) {
    position += bytes;
    if (position > limit || position < 0) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "the layer unpacks to more than "
              + limit
              + " bytes; raise the layer quota if you trust the image");
    }
  }

  static ImageException truncated() {
    return new ImageException(Kind.INVALID, "the layer's archive is truncated");
  }
}
