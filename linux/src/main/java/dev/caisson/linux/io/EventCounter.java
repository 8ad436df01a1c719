/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A counter that one side raises and another waits for. eventfd(2) */
public final class EventCounter implements AutoCloseable {
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;

  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final Fd fd;

  private EventCounter(Fd fd) {
    this.fd = fd;
  }

  public static EventCounter create() {
    return new EventCounter(
        Fd.adopt(
            Downcall.checked("eventfd", "", SystemCall.EVENTFD2, 0, EFD_CLOEXEC | EFD_NONBLOCK)));
  }

  /** Takes ownership of one that another process passed here; its flags are shared and stay. */
  public static EventCounter of(Fd fd) {
    return new EventCounter(fd);
  }

  public Fd fd() {
    return fd;
  }

  /** Adds one and wakes who waits. */
  public void signal() {
    Downcall.attempt(SystemCall.WRITE, fd.number(), ONE.address(), 8);
  }

  /** Takes what was counted; 0 when nothing was, if the descriptor does not block. */
  public long take() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment count = scratch.allocate(8, 8);
      long result = Downcall.attempt(SystemCall.READ, fd.number(), count.address(), 8);
      if (result == 8) {
        return count.get(ValueLayout.JAVA_LONG, 0);
      }
      Errno errno = Errno.of((int) -result);
      if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
        return 0;
      }
      throw new LinuxException("read", fd, errno);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
