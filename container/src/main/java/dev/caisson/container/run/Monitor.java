/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** What can be asked of the monitor working in a directory; each request is a connection. */
record Monitor(Path directory) {

  /** What a monitor says of itself. */
  record State(Phase phase, int pid) {
    /** Reads the payload of the frame that tells it. docs/monitor.md */
    static State parse(ByteBuffer payload) {
      int phase = payload.getInt();
      return new State(Phase.values()[Math.clamp(phase, 0, 2)], payload.getInt());
    }
  }

  enum Phase {
    CREATED,
    RUNNING,
    EXITED
  }

  /** Its state; empty if none works here. */
  Optional<State> state() {
    try (ControlSocket socket = ControlSocket.connect(directory)) {
      socket.send(ControlSocket.QUERY);
      return Optional.of(State.parse(socket.await(ControlSocket.STATE).payload()));
    } catch (IOException nobody) {
      return Optional.empty();
    }
  }

  /** Sends a signal to its process; false if that has ended. */
  boolean signal(int number) {
    try (ControlSocket socket = ControlSocket.connect(directory)) {
      socket.send(ControlSocket.SIGNAL, number);
      int error = socket.await(ControlSocket.ANSWER).payload().getInt();
      if (error == Errno.ESRCH.number()) {
        return false;
      }
      if (error != 0) {
        throw new LinuxException("pidfd_send_signal", "signal " + number, Errno.of(error));
      }
      return true;
    } catch (IOException ended) {
      return false;
    }
  }

  void resize(int rows, int columns) throws IOException {
    if (rows < 1 || rows > 0xffff || columns < 1 || columns > 0xffff) {
      throw SandboxException.invalid("terminal size", rows + " by " + columns);
    }
    try (ControlSocket socket = ControlSocket.connect(directory)) {
      socket.send(ControlSocket.RESIZE, columns << 16 | rows);
      socket.await(ControlSocket.ANSWER); // ENOTTY without a terminal: then there is nothing to do
    }
  }
}
