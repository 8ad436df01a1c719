/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way to a guest, in order. Whoever sends does not wait for the guest, which may
 * never read: a thread of its own writes what is due, and a guest that leaves too much of it unread
 * is given up. While the guest is held only orders for a held one go out; all others wait, since a
 * guest that is saved must not have half of what another host sent.
 */
final class FrameWriter {
  static final int HEADER = 12;
  private static final int TYPE = 4;
  private static final int SESSION = 8;
  private static final int STACK = 128 << 10;

  /** Bytes on their way; the largest launch plan and all credits are far less. */
  private static final int MOST = 16 << 20;

  private static final int OVERHEAD = 64; // of a frame in memory

  private final ByteChannel stream;
  private final String name;
  private final Deque<ByteBuffer> due = new ArrayDeque<>();
  private final List<ByteBuffer> waiting = new ArrayList<>();
  private @Nullable Thread thread;
  private int bytes;
  private boolean held;
  private boolean closed;

  FrameWriter(ByteChannel stream, String name) {
    this.stream = stream;
    this.name = name;
  }

  /** To a guest that is held. */
  static FrameWriter holding(ByteChannel stream, String name) {
    var writer = new FrameWriter(stream, name);
    writer.held = true;
    return writer;
  }

  /** As soon as it is its turn, and the guest is no longer held. */
  synchronized void send(int type, int streamNumber, int session, byte[] payload) {
    put(frame(type, streamNumber, session, payload), held);
  }

  /** As soon as it is its turn. */
  synchronized void sendToHeld(int type, int streamNumber, int session, byte[] payload) {
    put(frame(type, streamNumber, session, payload), false);
  }

  /** The last frame that goes out before the guest is held. */
  synchronized void sendAndHold(int type, int session, byte[] payload) {
    put(frame(type, 0, session, payload), false);
    held = true;
  }

  /** The last order of a held guest, and then what had to wait. */
  synchronized void sendAndRelease(int type, int session, byte[] payload) {
    put(frame(type, 0, session, payload), false);
    held = false;
    due.addAll(waiting);
    waiting.clear();
  }

  private void put(ByteBuffer frame, boolean later) {
    if (closed) {
      return;
    }
    bytes += frame.remaining() + OVERHEAD;
    if (bytes > MOST) {
      System.getLogger(FrameWriter.class.getName())
          .log(System.Logger.Level.WARNING, "guest {0} reads nothing it is told: given up", name);
      close();
      return;
    }
    if (later) {
      waiting.add(frame);
      return;
    }
    due.add(frame);
    if (thread == null) {
      thread =
          Thread.ofPlatform()
              .name("to guest " + name)
              .daemon()
              .stackSize(STACK)
              .start(this::writeAll);
    }
    notifyAll();
  }

  /** Bytes of payload that a session has not been sent because the guest is held. */
  synchronized int waiting(int type, int session) {
    return waiting.stream()
        .filter(frame -> frame.getShort(TYPE) == type && frame.getInt(SESSION) == session)
        .mapToInt(frame -> frame.remaining() - HEADER)
        .sum();
  }

  private static ByteBuffer frame(int type, int streamNumber, int session, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(HEADER + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(payload.length).putShort((short) type);
    frame.putShort((short) streamNumber).putInt(session);
    frame.put(payload).flip();
    return frame;
  }

  private void writeAll() {
    try {
      for (ByteBuffer frame = next(); frame != null; frame = next()) {
        int size = frame.remaining() + OVERHEAD;
        while (frame.hasRemaining()) {
          stream.write(frame);
        }
        written(size);
      }
    } catch (IOException e) {
      close();
    }
  }

  private synchronized @Nullable ByteBuffer next() {
    boolean interrupted = false;
    while (due.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // nobody does that to end it
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return due.poll();
  }

  private synchronized void written(int size) {
    bytes -= size;
  }

  void close() {
    synchronized (this) {
      closed = true;
      due.clear();
      waiting.clear();
      notifyAll();
    }
    try {
      stream.close();
    } catch (IOException e) {
      System.getLogger(FrameWriter.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a guest's channel", e);
    }
  }
}
