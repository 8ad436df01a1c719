/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.nio.file.Path;

/**
 * A Unix socket that waits for connections at a path. Whoever may write to the path may connect;
 * set its permissions through the directory it is in, or before the first accept.
 */
public final class UnixListener implements AutoCloseable {
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int SHUT_RDWR = 2;

  private final Fd fd;

  private UnixListener(Fd fd) {
    this.fd = fd;
  }

  /** Binds and listens; EADDRINUSE if the path exists. */
  public static UnixListener open(Path path, SocketKind kind, int backlog) {
    Fd fd = UnixSocket.create(kind);
    try (UnixAddress address = UnixAddress.of(path);
        Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "bind",
          path,
          SystemCall.BIND,
          fd.number(),
          address.encode(scratch).address(),
          UnixAddress.SIZE);
      Downcall.checked("listen", path, SystemCall.LISTEN, fd.number(), backlog);
      return new UnixListener(fd);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  public Fd fd() {
    return fd;
  }

  /** Waits for the next connection. Blocks: not on a virtual thread. accept4(2) */
  public UnixSocket accept() {
    return UnixSocket.of(
        Fd.adopt(
            Downcall.checked("accept4", fd, SystemCall.ACCEPT4, fd.number(), 0, 0, SOCK_CLOEXEC)));
  }

  /** Lets go of a thread that waits in {@link #accept}, which then fails. shutdown(2) */
  public void shutdown() {
    Downcall.attempt(SystemCall.SHUTDOWN, fd.number(), SHUT_RDWR);
  }

  @Override
  public void close() {
    fd.close();
  }
}
