/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.SystemCall;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An open file descriptor that somebody owns. Every descriptor made in this module is
 * close-on-exec.
 *
 * <p>Closing is idempotent. The owner closes after its last user: a number handed to a call that is
 * still running may otherwise name another file.
 */
public final class Fd implements AutoCloseable {
  private static final VarHandle NUMBER;

  static {
    try {
      NUMBER = MethodHandles.lookup().findVarHandle(Fd.class, "number", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final int CLOSED = -1;
  private static final int F_DUPFD_CLOEXEC = 1030; // include/uapi/linux/fcntl.h

  private volatile int number;

  private Fd(int number) {
    this.number = number;
  }

  /** Takes ownership of a descriptor this process already has. */
  public static Fd adopt(long number) {
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("not a file descriptor: " + number);
    }
    return new Fd((int) number);
  }

  /**
   * The descriptor's number in this process.
   *
   * @throws IllegalStateException after close or release
   */
  public int number() {
    int current = number;
    if (current == CLOSED) {
      throw new IllegalStateException("file descriptor is closed");
    }
    return current;
  }

  /** False after close or release. */
  public boolean isOpen() {
    return number != CLOSED;
  }

  /** A second descriptor for the same open file description. fcntl(2) F_DUPFD_CLOEXEC */
  public Fd duplicate() {
    return duplicate(3);
  }

  /** As {@link #duplicate()}, with the lowest free number from {@code least} on. */
  public Fd duplicate(int least) {
    return adopt(
        Downcall.checked("fcntl", this, SystemCall.FCNTL, number(), F_DUPFD_CLOEXEC, least));
  }

  /**
   * What /proc says it is: a path, or a kind in brackets.
   *
   * @throws LinuxException when it is closed meanwhile
   */
  public String leadsTo() {
    try {
      return Files.readSymbolicLink(path()).toString();
    } catch (IOException e) {
      throw new LinuxException("readlink", path(), Errno.ENOENT);
    }
  }

  /** A path by which this process reaches the open file; it dies with the descriptor. proc(5) */
  public Path path() {
    return Path.of("/proc/self/fd/" + number());
  }

  /** Errors are dropped: Linux frees the descriptor whatever close(2) answers. */
  @Override
  public void close() {
    int closing = (int) NUMBER.getAndSet(this, CLOSED);
    if (closing != CLOSED) {
      Downcall.attempt(SystemCall.CLOSE, closing);
    }
  }

  @Override
  public String toString() {
    int current = number;
    return current == CLOSED ? "fd closed" : "fd " + current;
  }
}
