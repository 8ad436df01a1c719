/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** Frames over a socket. One thread receives, any may send, and any may close. */
final class Connection implements AutoCloseable {
  private static final int HEADER = 5;

  private final SocketChannel channel;
  private final int longest;
  private final ReentrantLock sending = new ReentrantLock();

  /**
   * @param longest bytes of a frame that the other side may send
   */
  Connection(SocketChannel channel, int longest) {
    this.channel = channel;
    this.longest = longest;
  }

  void send(byte kind, byte[] body) throws IOException {
    var header = ByteBuffer.allocate(HEADER).put(kind).putInt(body.length).flip();
    var frame = new ByteBuffer[] {header, ByteBuffer.wrap(body)};
    sending.lock();
    try {
      while (frame[0].hasRemaining() || frame[1].hasRemaining()) {
        channel.write(frame);
      }
    } finally {
      sending.unlock();
    }
  }

  /**
   * Waits for the next frame; empty when the other side has closed between two.
   *
   * @throws IOException when it does not keep to the form
   */
  Optional<Frame> receive() throws IOException {
    var header = ByteBuffer.allocate(HEADER);
    if (!fill(header)) {
      return Optional.empty();
    }
    byte kind = header.flip().get();
    int length = header.getInt();
    if (length < 0 || length > longest) {
      throw new IOException("frame of " + Integer.toUnsignedString(length) + " bytes");
    }
    var body = ByteBuffer.allocate(length);
    if (!fill(body)) {
      throw new EOFException("frame cut short");
    }
    return Optional.of(new Frame(kind, body.array()));
  }

  /** False when the end came before the first byte. */
  private boolean fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        if (buffer.position() > 0) {
          throw new EOFException("frame cut short");
        }
        return false;
      }
    }
    return true;
  }

  boolean isClosed() {
    return !channel.isOpen();
  }

  /** Closing twice is harmless. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is left to be done with it.
    }
  }
}
