/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A monitor that an engine before this one started: who it is and what it does. One connection asks
 * for both, and becomes readable when the workload ends; an engine that takes over a thousand
 * containers wakes each monitor once.
 *
 * @param connection stays open to hear of the end
 * @param state empty if the monitor was just leaving
 */
record FoundMonitor(UnixSocket connection, ProcessFd process, Optional<Monitor.State> state) {
  private static final int HEADER = 8;
  private static final int STATE_SIZE = 16;

  /** A monitor that is stopped must not keep an engine from coming up. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /**
   * The one that works in a directory.
   *
   * @throws SandboxException FAILED if it does not answer within 5 s
   */
  static Optional<FoundMonitor> in(Path directory) {
    Path socket = directory.resolve("control.sock");
    if (!Files.exists(socket)) {
      return Optional.empty();
    }
    UnixSocket connection;
    try {
      connection = UnixSocket.connect(socket, SocketKind.STREAM);
    } catch (LinuxException nobody) {
      return Optional.empty();
    }
    Optional<ProcessFd> process = ProcessFd.find(connection.peer().pid());
    if (process.isEmpty()) {
      connection.close();
      return Optional.empty();
    }
    try {
      return Optional.of(new FoundMonitor(connection, process.get(), ask(connection)));
    } catch (LinuxException e) {
      int pid = connection.peer().pid();
      process.get().close();
      connection.close();
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "the monitor at %s, process %d, does not answer%n  try: kill -CONT %2$d"
              .formatted(directory, pid),
          e);
    }
  }

  private static Optional<Monitor.State> ask(UnixSocket connection) {
    connection.patience(PATIENCE);
    try {
      connection.sendFully(new byte[] {ControlSocket.QUERY, 0, 0, 0, 0, 0, 0, 0});
    } catch (LinuxException hungUp) {
      return Optional.empty();
    }
    ByteBuffer answer = ByteBuffer.allocate(HEADER + STATE_SIZE);
    while (answer.hasRemaining()) {
      byte[] bytes = connection.receive(answer.remaining()).bytes();
      if (bytes.length == 0) {
        return Optional.empty();
      }
      answer.put(bytes);
    }
    // Nothing is attached, so a frame before the state can only be that of the end.
    return answer.get(0) == ControlSocket.STATE
        ? Optional.of(Monitor.State.parse(answer.position(HEADER)))
        : Optional.empty();
  }
}
