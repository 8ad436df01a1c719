/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes frames to a guest, one at a time. While the guest is held only orders for a held one go
 * out; all others wait, since a guest that is saved must not have half of what another host sent.
 */
final class FrameWriter {
  static final int HEADER = 12;
  private static final int TYPE = 4;
  private static final int SESSION = 8;

  private final ByteChannel stream;
  private final List<ByteBuffer> waiting = new ArrayList<>();
  private boolean held;

  FrameWriter(ByteChannel stream) {
    this.stream = stream;
  }

  /** To a guest that is held. */
  static FrameWriter holding(ByteChannel stream) {
    var writer = new FrameWriter(stream);
    writer.held = true;
    return writer;
  }

  /** Now, or when the guest is no longer held. */
  synchronized void send(int type, int streamNumber, int session, byte[] payload) {
    ByteBuffer frame = frame(type, streamNumber, session, payload);
    if (held) {
      waiting.add(frame); // bounded by the credits both sides have
    } else {
      write(frame);
    }
  }

  /** Now. */
  synchronized void sendToHeld(int type, int streamNumber, int session, byte[] payload) {
    write(frame(type, streamNumber, session, payload));
  }

  /** The last frame that goes out before the guest is held. */
  synchronized void sendAndHold(int type, int session, byte[] payload) {
    write(frame(type, 0, session, payload));
    held = true;
  }

  /** The last order of a held guest, and then what had to wait. */
  synchronized void sendAndRelease(int type, int session, byte[] payload) {
    write(frame(type, 0, session, payload));
    held = false;
    waiting.forEach(this::write);
    waiting.clear();
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

  private void write(ByteBuffer frame) {
    try {
      while (frame.hasRemaining()) {
        stream.write(frame);
      }
    } catch (IOException e) {
      close();
    }
  }

  void close() {
    try {
      stream.close();
    } catch (IOException e) {
      System.getLogger(FrameWriter.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a guest's channel", e);
    }
  }
}
