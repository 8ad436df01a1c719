/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import dev.caisson.launch.LaunchException;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A connection to the monitor of a workload. One thread may send while another receives.
 *
 * <p>After {@link Frame.Attach} keep receiving: a monitor waits at most ten seconds for a client
 * that takes nothing, and then hangs up.
 */
public final class MonitorClient implements AutoCloseable {
  /** The socket's name in the directory of {@code SupervisionAction.Watch}. */
  public static final String SOCKET = "control.sock";

  private final UnixSocket socket;

  private MonitorClient(UnixSocket socket) {
    this.socket = socket;
  }

  /**
   * @param directory as given to {@code SupervisionAction.Watch}
   */
  public static MonitorClient connect(Path directory) {
    return new MonitorClient(UnixSocket.connect(directory.resolve(SOCKET), SocketKind.STREAM));
  }

  public Fd fd() {
    return socket.fd();
  }

  public void send(Frame frame) {
    socket.sendFully(frame.encode());
  }

  /** Waits for a frame; empty when the monitor hung up. */
  public Optional<Frame> receive() {
    byte[] header = new byte[Frame.HEADER_SIZE];
    if (!fill(header)) {
      return Optional.empty();
    }
    int length = ByteBuffer.wrap(header).getInt(4);
    if (length < 0 || length > Frame.MAX_PAYLOAD) {
      throw new LaunchException(
          LaunchException.Kind.MALFORMED_BYTES, "monitor frame of " + length + " bytes");
    }
    byte[] payload = new byte[length];
    return fill(payload) ? Optional.of(Frame.decode(header[0], payload)) : Optional.empty();
  }

  private boolean fill(byte[] target) {
    int done = 0;
    while (done < target.length) {
      try (var message = socket.receive(target.length - done)) {
        if (message.isEnd()) {
          return false;
        }
        System.arraycopy(message.bytes(), 0, target, done, message.bytes().length);
        done += message.bytes().length;
      } catch (LinuxException e) {
        if (e.errno() == Errno.ECONNRESET) {
          return false; // it hung up before reading all that we sent
        }
        throw e;
      }
    }
    return true;
  }

  @Override
  public void close() {
    socket.close();
  }
}
