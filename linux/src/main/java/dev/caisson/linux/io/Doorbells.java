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

/**
 * Waits on one platform thread for signals of a few event counters, and takes none of them: each
 * signal wakes once (edge-triggered), so that a wake-up costs one system call. epoll(7)
 */
public final class Doorbells implements AutoCloseable {
  private static final int EPOLL_CLOEXEC = 02000000;
  private static final int ADD = 1;
  private static final int READABLE = 0x1;
  private static final int EDGE = 1 << 31;
  private static final int EVENT_SIZE = 12; // struct epoll_event is packed on x86-64
  private static final int MOST = 32;

  private final Fd epoll;
  private final MemorySegment events;
  private final MemorySegment limit = Arena.ofAuto().allocate(16, 8); // struct timespec
  private final int count;

  /**
   * @param counters 1 to 32, which stay the caller's and outlive this
   */
  public Doorbells(EventCounter... counters) {
    if (counters.length == 0 || counters.length > MOST) {
      throw new IllegalArgumentException(counters.length + " counters");
    }
    count = counters.length;
    events = Arena.ofAuto().allocate((long) EVENT_SIZE * count, 8);
    epoll =
        Fd.adopt(Downcall.checked("epoll_create1", "", SystemCall.EPOLL_CREATE1, EPOLL_CLOEXEC));
    try {
      for (int i = 0; i < count; i++) {
        add(counters[i].fd(), i);
      }
    } catch (RuntimeException e) {
      epoll.close();
      throw e;
    }
  }

  private void add(Fd fd, int index) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment event = scratch.allocate(EVENT_SIZE, 8);
      event.set(ValueLayout.JAVA_INT, 0, READABLE | EDGE);
      event.set(ValueLayout.JAVA_INT, 4, index);
      Downcall.checked(
          "epoll_ctl", fd, SystemCall.EPOLL_CTL, epoll.number(), ADD, fd.number(), event.address());
    }
  }

  /**
   * Waits until at least one counter was raised, also before this began to wait for it.
   *
   * @return bit {@code i} for the counter at place {@code i}; 0 when a signal of the process came
   */
  public int await() {
    return await(-1);
  }

  /**
   * As {@link #await()}, for a time.
   *
   * @param micros -1 for as long as it takes
   * @return 0 also when the time is over
   */
  public int await(int micros) {
    if (micros >= 0) {
      limit.set(ValueLayout.JAVA_LONG, 0, micros / 1_000_000);
      limit.set(ValueLayout.JAVA_LONG, 8, micros % 1_000_000 * 1000L);
    }
    long got =
        Downcall.attempt(
            SystemCall.EPOLL_PWAIT2,
            epoll.number(),
            events.address(),
            count,
            micros < 0 ? 0 : limit.address(),
            0,
            8);
    if (got < 0 && got != -Errno.EINTR.number()) {
      throw new LinuxException("epoll_pwait2", epoll, Errno.of((int) -got));
    }
    int rung = 0;
    for (int i = 0; i < got; i++) {
      rung |= 1 << events.get(ValueLayout.JAVA_INT, (long) EVENT_SIZE * i + 4);
    }
    return rung;
  }

  @Override
  public void close() {
    epoll.close();
  }
}
