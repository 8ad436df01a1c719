/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.buildkit.wire.ProtoWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The messages that draw a build's progress, until its client has read them. */
public final class StatusLog {
  /** Messages that nobody reads are dropped, the oldest first, beyond so many bytes. */
  private static final long LIMIT = 8L << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<byte[]> unread = new ArrayDeque<>();
  private long bytes;
  private boolean ended;

  StatusLog() {}

  /** Adds one {@code StatusResponse}. */
  void add(ProtoWriter response) {
    byte[] message = response.toBytes();
    lock.lock();
    try {
      if (ended) {
        return;
      }
      unread.add(message);
      bytes += message.length;
      while (bytes > LIMIT) {
        bytes -= unread.remove().length;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will be added. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next message; empty after the last one. */
  public Optional<byte[]> next() throws InterruptedException {
    lock.lock();
    try {
      while (unread.isEmpty() && !ended) {
        changed.await();
      }
      byte[] message = unread.poll();
      bytes -= message == null ? 0 : message.length;
      return Optional.ofNullable(message);
    } finally {
      lock.unlock();
    }
  }
}
