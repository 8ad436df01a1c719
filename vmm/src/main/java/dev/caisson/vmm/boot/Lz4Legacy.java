/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The LZ4 "legacy" frames that the Linux build makes: a magic number, then blocks of 8 MiB, each
 * with its packed size in front. lz4_Frame_format.md
 */
final class Lz4Legacy extends InputStream {
  static final int MAGIC = 0x184c2102;
  private static final int BLOCK = 8 << 20;
  private static final int SHORTEST_MATCH = 4;

  private final ByteBuffer packed;
  private final byte[] block = new byte[BLOCK];
  private int length;
  private int position;

  Lz4Legacy(ByteBuffer packed) throws IOException {
    this.packed = packed.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (this.packed.remaining() < 4 || this.packed.getInt() != MAGIC) {
      throw new IOException("no LZ4 legacy frame");
    }
  }

  @Override
  public int read() throws IOException {
    return ready() ? block[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int count) throws IOException {
    if (!ready()) {
      return -1;
    }
    int copied = Math.min(count, length - position);
    System.arraycopy(block, position, target, offset, copied);
    position += copied;
    return copied;
  }

  private boolean ready() throws IOException {
    while (position == length) {
      if (packed.remaining() < 4) {
        return false;
      }
      int size = packed.getInt();
      if (size == MAGIC) {
        continue;
      }
      if (size <= 0 || size > packed.remaining()) {
        throw new EOFException("LZ4 block of " + size + " bytes at " + packed.position());
      }
      ByteBuffer source = packed.slice(packed.position(), size);
      packed.position(packed.position() + size);
      try {
        length = unpack(source);
      } catch (IndexOutOfBoundsException | BufferUnderflowException e) {
        throw new IOException("LZ4 block before " + packed.position() + " is corrupt", e);
      }
      position = 0;
    }
    return true;
  }

  private int unpack(ByteBuffer source) throws IOException {
    int out = 0;
    while (source.hasRemaining()) {
      int token = source.get() & 0xff;
      int literals = extended(source, token >>> 4);
      source.get(block, out, literals);
      out += literals;
      if (!source.hasRemaining()) {
        break; // the last sequence has no match
      }
      int distance = (source.get() & 0xff) | ((source.get() & 0xff) << 8);
      int match = extended(source, token & 15) + SHORTEST_MATCH;
      int from = out - distance;
      if (distance == 0 || from < 0 || match > BLOCK - out) {
        throw new IOException("LZ4 match of " + match + " bytes from " + from);
      }
      if (distance >= match) {
        System.arraycopy(block, from, block, out, match);
        out += match;
      } else {
        for (int i = 0; i < match; i++) {
          block[out++] = block[from++];
        }
      }
    }
    return out;
  }

  private static int extended(ByteBuffer source, int nibble) throws IOException {
    int value = nibble;
    if (nibble == 15) {
      int more;
      do {
        more = source.get() & 0xff;
        value += more;
        if (value > BLOCK) {
          throw new IOException("LZ4 run of more than 8 MiB");
        }
      } while (more == 255);
    }
    return value;
  }
}
