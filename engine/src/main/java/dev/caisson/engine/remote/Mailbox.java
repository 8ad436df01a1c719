/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A queue of bounded length between two threads that either may end: what was put before its end is
 * still taken, what lies in it when it is closed is not.
 */
final class Mailbox<T> {
  private final int room;
  private final ArrayDeque<T> waiting = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean ended;

  Mailbox(int room) {
    this.room = room;
  }

  /** Waits for room; does nothing after the end. */
  void put(T element) {
    lock.lock();
    try {
      while (!ended && waiting.size() >= room) {
        changed.awaitUninterruptibly();
      }
      if (!ended) {
        waiting.add(element);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for an element; empty when none will come. */
  Optional<T> take() {
    lock.lock();
    try {
      while (!ended && waiting.isEmpty()) {
        changed.awaitUninterruptibly();
      }
      changed.signalAll();
      return Optional.ofNullable(waiting.poll());
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      waiting.clear();
      end();
    } finally {
      lock.unlock();
    }
  }
}
