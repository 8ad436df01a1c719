/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.file.Directory;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A connection to the monitor of one process: frames of one byte of type, three zeros, a length and
 * a payload. docs/monitor.md
 */
final class ControlSocket implements AutoCloseable {
  static final int STDOUT = 1;
  static final int STDERR = 2;
  static final int ATTACH = 'a';
  static final int INPUT = 'i';
  static final int END_INPUT = 'e';
  static final int RESIZE = 'r';
  static final int SIGNAL = 's';
  static final int QUERY = 'q';
  static final int ANSWER = 'A';
  static final int STATE = 'S';
  static final int EXITED = 'X';

  private static final String NAME = "control.sock";
  private static final int HEADER = 8;
  private static final int LONGEST_FRAME = 64 << 10;
  private static final int LONGEST_ADDRESS = 107; // sockaddr_un without its NUL. unix(7)

  private final SocketChannel channel;
  private final ByteBuffer header = ByteBuffer.allocate(HEADER);

  private ControlSocket(SocketChannel channel) {
    this.channel = channel;
  }

  /** A frame received. */
  record Frame(int type, ByteBuffer payload) {}

  /** Connects to the monitor that works in a directory; IOException if none does. */
  static ControlSocket connect(Path directory) throws IOException {
    Path path = directory.resolve(NAME);
    if (path.toString().length() <= LONGEST_ADDRESS) {
      return open(path);
    }
    try (Directory opened = Directory.open(directory)) {
      return open(opened.fd().path().resolve(NAME));
    }
  }

  private static ControlSocket open(Path path) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(path));
      return new ControlSocket(channel);
    } catch (IOException refused) {
      channel.close();
      throw refused;
    }
  }

  void send(int type, ByteBuffer payload) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEADER);
    head.put(0, (byte) type).putInt(4, payload.remaining());
    ByteBuffer[] frame = {head, payload};
    synchronized (this) {
      while (payload.hasRemaining() || head.hasRemaining()) {
        channel.write(frame);
      }
    }
  }

  void send(int type, int word) throws IOException {
    send(type, ByteBuffer.allocate(Integer.BYTES).putInt(0, word));
  }

  void send(int type) throws IOException {
    send(type, ByteBuffer.allocate(0));
  }

  /** Waits for a frame; empty when the monitor hung up. */
  Optional<Frame> receive() throws IOException {
    header.clear();
    if (!fill(header)) {
      return Optional.empty();
    }
    int length = header.getInt(4);
    if (length < 0 || length > LONGEST_FRAME) {
      throw new IOException("frame of " + length + " bytes from the monitor");
    }
    ByteBuffer payload = ByteBuffer.allocate(length);
    if (!fill(payload)) {
      throw new EOFException("monitor hung up within a frame");
    }
    return Optional.of(new Frame(header.get(0), payload.flip()));
  }

  private boolean fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Waits for the frame of a type, passing over others. */
  Frame await(int type) throws IOException {
    while (true) {
      Frame frame = receive().orElseThrow(() -> new EOFException("monitor hung up"));
      if (frame.type() == type) {
        return frame;
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // nothing was kept in it
    }
  }
}
