/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import dev.caisson.virtio.queue.Buffers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/**
 * The host's end of a stream to a program in the guest. Blocking; one reader and one writer at a
 * time. All state is guarded by the lock of its {@link StreamTable}.
 */
public final class VsockStream implements ByteChannel {
  /** Bytes of one packet to the guest: what Linux offers as a receive buffer, 4 KiB, or less. */
  private static final int ROOM = 64 << 10;

  private enum Stage {
    CONNECTING,
    OPEN,
    /** Either side ended it; what was received before can still be read. */
    ENDED
  }

  private final StreamTable table;
  private final int hostPort;
  private final int guestPort;
  private final Condition changed;
  private final ByteRing received = new ByteRing(ROOM);
  private Stage stage;
  private boolean closed;
  private boolean guestSends = true;
  private boolean guestReceives = true;
  private boolean hostSends = true;
  private int sent;
  private int guestForwarded;
  private int guestRoom;
  private int forwarded;
  private int forwardedTold;

  VsockStream(StreamTable table, int hostPort, int guestPort, boolean open) {
    this.table = table;
    this.hostPort = hostPort;
    this.guestPort = guestPort;
    this.stage = open ? Stage.OPEN : Stage.CONNECTING;
    this.changed = table.lock().newCondition();
  }

  public int hostPort() {
    return hostPort;
  }

  public int guestPort() {
    return guestPort;
  }

  /**
   * Waits for bytes of the guest.
   *
   * @return bytes read; -1 when the guest sends no more
   * @throws IOException when the guest broke the stream off
   */
  @Override
  public int read(ByteBuffer target) throws IOException {
    table.lock().lock();
    try {
      while (true) {
        if (closed) {
          throw new ClosedChannelException();
        }
        if (received.count() > 0 || !target.hasRemaining()) {
          return take(target);
        }
        if (!guestSends || stage == Stage.ENDED) {
          return -1;
        }
        await();
      }
    } finally {
      table.lock().unlock();
    }
  }

  private int take(ByteBuffer target) {
    int count = received.take(target);
    forwarded += count;
    // A guest that thinks half of our room taken is told better, before it has to stop.
    if (forwarded - forwardedTold >= ROOM / 2) {
      table.say(this, StreamTable.CREDIT);
    }
    return count;
  }

  /** Waits until the guest's kernel has taken all bytes. */
  @Override
  public int write(ByteBuffer source) throws IOException {
    int total = source.remaining();
    table.lock().lock();
    try {
      while (true) {
        if (closed || !hostSends) {
          throw new ClosedChannelException();
        }
        if (stage == Stage.ENDED || !guestReceives) {
          throw new IOException("the guest ended the stream");
        }
        table.send(this, source);
        if (!source.hasRemaining()) {
          return total;
        }
        await();
      }
    } finally {
      table.lock().unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // callers look again
  private void await() throws IOException {
    try {
      changed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      var interrupted = new ClosedByInterruptException();
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  /** Tells the guest that we send nothing more; reading goes on. */
  public void endOutput() {
    table.lock().lock();
    try {
      if (hostSends && stage == Stage.OPEN) {
        table.say(this, StreamTable.END_OUTPUT);
      }
      hostSends = false;
    } finally {
      table.lock().unlock();
    }
  }

  @Override
  public void close() {
    table.lock().lock();
    try {
      if (!closed) {
        closed = true;
        received.clear();
        if (stage != Stage.ENDED) {
          table.say(this, stage == Stage.OPEN ? StreamTable.END : StreamTable.RESET);
        }
        end();
      }
    } finally {
      table.lock().unlock();
    }
  }

  @Override
  public boolean isOpen() {
    table.lock().lock();
    try {
      return !closed;
    } finally {
      table.lock().unlock();
    }
  }

  // What follows is called with the lock held.

  /** Waits for the guest's answer to our request; false when it did not come, or was no. */
  boolean awaitOpen(long nanos) throws InterruptedException {
    long left = nanos;
    while (stage == Stage.CONNECTING && left > 0) {
      left = changed.awaitNanos(Math.min(left, TimeUnit.DAYS.toNanos(1)));
    }
    return stage == Stage.OPEN;
  }

  boolean connecting() {
    return stage == Stage.CONNECTING;
  }

  void opened() {
    stage = Stage.OPEN;
    changed.signalAll();
  }

  void end() {
    stage = Stage.ENDED;
    changed.signalAll();
  }

  void wake() {
    changed.signalAll();
  }

  /** The guest said how much it has room for. */
  void credit(Packet packet) {
    guestRoom = packet.room();
    guestForwarded = packet.forwarded();
    changed.signalAll();
  }

  /** Takes data; false when the guest sent more than it was told there is room for. */
  boolean accept(Buffers source, int length) {
    if (length < 0 || length > received.free() || !guestSends || closed) {
      return false;
    }
    received.add(source, Packet.SIZE, length);
    changed.signalAll();
    return true;
  }

  /** The guest will not receive, or not send, any more; answers whether the stream is over. */
  boolean shutdown(int flags) {
    guestReceives &= (flags & Packet.NO_RECEIVE) == 0;
    guestSends &= (flags & Packet.NO_SEND) == 0;
    changed.signalAll();
    return !guestReceives && !guestSends;
  }

  /** Bytes the guest has room for, as far as we know. */
  int sendable() {
    long pending = Integer.toUnsignedLong(sent - guestForwarded);
    long free = Integer.toUnsignedLong(guestRoom) - pending;
    return Math.clamp(free, 0, Integer.MAX_VALUE);
  }

  void sent(int count) {
    sent += count;
  }

  Packet packet(int operation, int flags, int length) {
    forwardedTold = forwarded;
    return new Packet(
        StreamTable.HOST,
        table.guest(),
        hostPort,
        guestPort,
        length,
        Packet.STREAM,
        operation,
        flags,
        ROOM,
        forwarded);
  }
}
