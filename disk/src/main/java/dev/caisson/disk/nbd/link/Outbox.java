/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Gathers whole messages and sends many with one system call. Each thread has its own; outboxes of
 * one link share its lock, so that messages never mix.
 */
public final class Outbox {
  private final Link link;
  private final ReentrantLock turn;
  private final ByteBuffer buffer;

  public Outbox(Link link, ReentrantLock turn, ByteBuffer buffer) {
    this.link = link;
    this.turn = turn;
    this.buffer = buffer.clear();
  }

  public int capacity() {
    return buffer.capacity();
  }

  /**
   * Room for {@code bytes} at the buffer's position; sends what is there if it must.
   *
   * @param bytes at most {@link #capacity}
   */
  public ByteBuffer room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
    return buffer;
  }

  /** Sends all that was gathered. */
  public void flush() throws IOException {
    if (buffer.position() == 0) {
      return;
    }
    turn.lock();
    try {
      link.write(buffer.flip());
    } finally {
      turn.unlock();
      buffer.clear();
    }
  }
}
