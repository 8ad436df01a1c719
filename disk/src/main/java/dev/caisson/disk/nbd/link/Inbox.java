/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.link;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads a link in large bites and hands the bytes out in message-sized ones. For one thread. */
public final class Inbox {
  private final Link link;
  private final ByteBuffer buffer;

  public Inbox(Link link, int capacity) {
    this.link = link;
    this.buffer = ByteBuffer.allocateDirect(capacity).limit(0);
  }

  /** Goes on where {@code earlier} stopped, with what it had read ahead. */
  public Inbox(Inbox earlier, int capacity) {
    this.link = earlier.link;
    this.buffer = ByteBuffer.allocateDirect(capacity).put(earlier.buffer).flip();
  }

  public int capacity() {
    return buffer.capacity();
  }

  /** The bytes at hand, to be taken by moving the position. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Whether {@code bytes} are at hand without waiting. */
  public boolean has(int bytes) {
    return buffer.remaining() >= bytes;
  }

  /**
   * Waits until {@code bytes} are at hand.
   *
   * @return false if the stream ended before the first of them
   * @throws EOFException if it ended after the first
   */
  public boolean await(int bytes) throws IOException {
    if (buffer.remaining() >= bytes) {
      return true;
    }
    buffer.compact();
    try {
      while (buffer.position() < bytes) {
        if (link.read(buffer) < 0) {
          if (buffer.position() == 0) {
            return false;
          }
          throw new EOFException("the other side left in the middle of a message");
        }
      }
      return true;
    } finally {
      buffer.flip();
    }
  }

  /** As {@link #await}, where an end of the stream is always in the middle of something. */
  public ByteBuffer need(int bytes) throws IOException {
    if (!await(bytes)) {
      throw new EOFException("the other side left in the middle of a message");
    }
    return buffer;
  }

  /** Fills {@code target}; large targets are read into directly. */
  public void readFully(ByteBuffer target) throws IOException {
    int atHand = Math.min(buffer.remaining(), target.remaining());
    target.put(target.position(), buffer, buffer.position(), atHand);
    target.position(target.position() + atHand);
    buffer.position(buffer.position() + atHand);
    while (target.hasRemaining()) {
      if (link.read(target) < 0) {
        throw new EOFException("the other side left in the middle of a message");
      }
    }
  }

  /** Passes over {@code bytes}. */
  public void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > 0) {
      need(1);
      int step = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + step);
      left -= step;
    }
  }
}
