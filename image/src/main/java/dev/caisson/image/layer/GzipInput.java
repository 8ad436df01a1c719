/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Unpacks gzip with any number of members, as parallel compressors write it. RFC 1952
 *
 * <p>The JDK's stream asks {@code available()} whether another member follows, which a transfer
 * still under way answers wrongly; this one reads.
 */
final class GzipInput extends InputStream {
  private static final int BUFFER = 1 << 17;
  private static final int FLAG_CRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;
  private static final int FLAGS_KNOWN = 31;
  private static final int MAX_HEADER_TEXT = 64 << 10;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private int position;
  private int end;
  private boolean finished;

  GzipInput(InputStream in) throws IOException {
    this.in = in;
    readHeader();
    feed();
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
    try {
      while (!finished) {
        int n = inflater.inflate(bytes, offset, length);
        if (n > 0) {
          crc.update(bytes, offset, n);
          return n;
        }
        if (inflater.finished()) {
          endMember();
        } else if (inflater.needsDictionary()) {
          throw new ZipException("gzip data wants a dictionary");
        } else {
          fill();
          feed();
        }
      }
      return -1;
    } catch (DataFormatException e) {
      throw new ZipException(e.getMessage() == null ? "invalid gzip data" : e.getMessage());
    }
  }

  private void endMember() throws IOException {
    position = end - inflater.getRemaining();
    if (littleEndian() != crc.getValue()
        || littleEndian() != (inflater.getBytesWritten() & 0xffff_ffffL)) {
      throw new ZipException("gzip checksum differs");
    }
    if (position == end && !refill()) {
      finished = true;
      return;
    }
    inflater.reset();
    crc.reset();
    if ((buffer[position] & 0xff) == 0) {
      drainZeros(); // some tools pad to a block
      return;
    }
    readHeader();
    feed();
  }

  private void feed() {
    inflater.setInput(buffer, position, end - position);
    position = end;
  }

  private void drainZeros() throws IOException {
    do {
      while (position < end) {
        if (buffer[position++] != 0) {
          throw new ZipException("junk after gzip data");
        }
      }
    } while (refill());
    finished = true;
  }

  private void readHeader() throws IOException {
    if (next() != 0x1f || next() != 0x8b || next() != 8) {
      throw new ZipException("not gzip data");
    }
    int flags = next();
    if ((flags & ~FLAGS_KNOWN) != 0) {
      throw new ZipException("gzip header has unknown flags");
    }
    skip(6);
    if ((flags & FLAG_EXTRA) != 0) {
      skip(next() | next() << 8);
    }
    if ((flags & FLAG_NAME) != 0) {
      skipText();
    }
    if ((flags & FLAG_COMMENT) != 0) {
      skipText();
    }
    if ((flags & FLAG_CRC) != 0) {
      skip(2);
    }
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      next();
    }
  }

  private void skipText() throws IOException {
    for (int i = 0; next() != 0; i++) {
      if (i > MAX_HEADER_TEXT) {
        throw new ZipException("gzip header is too long");
      }
    }
  }

  private long littleEndian() throws IOException {
    return next() | (long) next() << 8 | (long) next() << 16 | (long) next() << 24;
  }

  private int next() throws IOException {
    if (position == end) {
      fill();
    }
    return buffer[position++] & 0xff;
  }

  private void fill() throws IOException {
    if (!refill()) {
      throw new EOFException("gzip data ends too early");
    }
  }

  private boolean refill() throws IOException {
    position = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
