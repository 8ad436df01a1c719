/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.Request;
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

  boolean tryEnter(Request request) {
    return room.tryAcquire(cost(request));
  }

  void enter(Request request) {
    room.acquireUninterruptibly(cost(request));
  }

  boolean any() {
    return room.availablePermits() < capacity;
  }

  void leave(Request request) {
    room.release(cost(request));
  }

  /** Returns once every request that entered has left. */
  void awaitNone() {
    room.acquireUninterruptibly(capacity);
    room.release(capacity);
  }

  /** A length may be anything up to 2^64; only reads and writes move that many bytes. */
  private int cost(Request request) {
    boolean moves = request.command() == Command.READ || request.command() == Command.WRITE;
    long bytes = moves ? Math.clamp(request.length(), 0, NbdLimits.PAYLOAD) : 0;
    return (int) Math.min(capacity, bytes + OVERHEAD);
  }
}
