/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;

/** Streams that programs of the guest open to a port of the host. */
public final class VsockListener implements AutoCloseable {
  /** Streams nobody has accepted yet; further ones are refused. */
  private static final int BACKLOG = 128;

  private final StreamTable table;
  private final int port;
  private final Condition came;
  private final Queue<VsockStream> waiting = new ArrayDeque<>();
  private boolean closed;

  VsockListener(StreamTable table, int port) {
    this.table = table;
    this.port = port;
    this.came = table.lock().newCondition();
  }

  public int port() {
    return port;
  }

  /**
   * Waits for a stream.
   *
   * @throws ClosedChannelException when the listener or the device was closed
   */
  public VsockStream accept() throws ClosedChannelException, InterruptedException {
    table.lock().lock();
    try {
      while (true) {
        VsockStream stream = waiting.poll();
        if (stream != null) {
          return stream;
        }
        if (closed) {
          throw new ClosedChannelException();
        }
        came.await();
      }
    } finally {
      table.lock().unlock();
    }
  }

  /** With the lock held: whether there is room for one more. */
  boolean hasRoom() {
    return !closed && waiting.size() < BACKLOG;
  }

  /** With the lock held. */
  void offer(VsockStream stream) {
    waiting.add(stream);
    came.signal();
  }

  /** With the lock held: a stream that was broken off before anybody took it. */
  void withdraw(VsockStream stream) {
    waiting.remove(stream);
  }

  /** Streams that nobody accepted are broken off. */
  @Override
  public void close() {
    table.lock().lock();
    try {
      closed = true;
      table.remove(this);
      waiting.forEach(VsockStream::close);
      waiting.clear();
      came.signalAll();
    } finally {
      table.lock().unlock();
    }
  }
}
