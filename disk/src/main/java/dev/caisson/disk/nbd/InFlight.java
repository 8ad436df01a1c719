/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import java.util.concurrent.Semaphore;

/** Bounds the requests of one connection that other threads work on, and waits for their end. */
final class InFlight {
  /** Counted besides data, so that requests without any are bounded too. */
  private static final int OVERHEAD = 16 << 10;

  private final int capacity;
  private final Semaphore room;

  InFlight(int bytes) {
    this.capacity = bytes;
    this.room = new Semaphore(bytes);
  }

  boolean tryEnter(long bytes) {
    return room.tryAcquire(cost(bytes));
  }

  void enter(long bytes) {
    room.acquireUninterruptibly(cost(bytes));
  }

  boolean any() {
    return room.availablePermits() < capacity;
  }

  void leave(long bytes) {
    room.release(cost(bytes));
  }

  /** Returns once every request that entered has left. */
  void awaitNone() {
    room.acquireUninterruptibly(capacity);
    room.release(capacity);
  }

  private int cost(long bytes) {
    return (int) Math.min(capacity, bytes + OVERHEAD);
  }
}
