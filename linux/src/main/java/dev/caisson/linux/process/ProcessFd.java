/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A process by descriptor, so that its number cannot come to mean another one. pidfd_open(2)
 *
 * <p>The descriptor becomes readable when the process ends, which makes it a source for an event
 * loop.
 */
public final class ProcessFd implements AutoCloseable {
  private static final int P_PIDFD = 3;
  private static final int WEXITED = 4;
  private static final int CLD_EXITED = 1;
  private static final int CLD_DUMPED = 3;
  private static final int SIGINFO_SIZE = 128;

  private final int pid;
  private final Fd fd;

  private ProcessFd(int pid, Fd fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /** Opens a process that surely has not been reaped: a child of ours, or checked afterwards. */
  public static ProcessFd open(int pid) {
    return new ProcessFd(
        pid, Fd.adopt(Downcall.checked("pidfd_open", pid, SystemCall.PIDFD_OPEN, pid, 0)));
  }

  /** As {@link #open}, empty when there is no such process. */
  public static Optional<ProcessFd> find(int pid) {
    long result = Downcall.attempt(SystemCall.PIDFD_OPEN, pid, 0);
    if (result == -Errno.ESRCH.number()) {
      return Optional.empty();
    }
    if (result < 0) {
      throw new LinuxException("pidfd_open", pid, Errno.of((int) -result));
    }
    return Optional.of(new ProcessFd(pid, Fd.adopt(result)));
  }

  /** The number it has in our namespace; it may be reused once the process is reaped. */
  public int pid() {
    return pid;
  }

  /** Readable once the process has ended; closed with this. */
  public Fd fd() {
    return fd;
  }

  /**
   * Sends a signal, 1 to 64.
   *
   * @return false if the process has ended already
   */
  public boolean signal(int number) {
    if (number < 1 || number > 64) {
      throw new IllegalArgumentException("no such signal: " + number);
    }
    return send(number);
  }

  /** As {@link #signal(int)}. */
  public boolean signal(Signal signal) {
    return send(signal.number());
  }

  /** Waits for a child of ours to end and reaps it. Blocks: not on a virtual thread. waitid(2) */
  public ExitStatus await() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment info = scratch.allocate(SIGINFO_SIZE, 8);
      Downcall.checked(
          "waitid", pid, SystemCall.WAITID, P_PIDFD, fd.number(), info.address(), WEXITED, 0);
      int code = info.get(ValueLayout.JAVA_INT, 8); // siginfo_t
      int status = info.get(ValueLayout.JAVA_INT, 24);
      return code == CLD_EXITED
          ? new ExitStatus.Exited(status)
          : new ExitStatus.Killed(status, code == CLD_DUMPED);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  private boolean send(int number) {
    long result = Downcall.attempt(SystemCall.PIDFD_SEND_SIGNAL, fd.number(), number, 0, 0);
    if (result == -Errno.ESRCH.number()) {
      return false;
    }
    if (result < 0) {
      throw new LinuxException("pidfd_send_signal", pid, Errno.of((int) -result));
    }
    return true;
  }
}
