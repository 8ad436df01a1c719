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
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;

/** A counter that one side raises and another waits for. eventfd(2) */
public final class EventCounter implements AutoCloseable {
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;
  private static final String EVENTFD = "anon_inode:[eventfd]";

  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final Fd fd;

  private EventCounter(Fd fd) {
    this.fd = fd;
  }

  /** A new one at 0, whose {@link #take} does not wait. */
  public static EventCounter create() {
    return new EventCounter(
        Fd.adopt(
            Downcall.checked("eventfd", "", SystemCall.EVENTFD2, 0, EFD_CLOEXEC | EFD_NONBLOCK)));
  }

  /**
   * As many counters as wanted, or none when one of them fails.
   *
   * @param taker told of each and its index; may fail
   */
  public static List<EventCounter> several(int count, ObjIntConsumer<EventCounter> taker) {
    List<EventCounter> all = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        all.add(create());
        taker.accept(all.get(i), i);
      }
      return List.copyOf(all);
    } catch (RuntimeException | Error e) {
      all.forEach(EventCounter::close);
      throw e;
    }
  }

  /**
   * Takes ownership of one that another process passed here. It does not block from now on, for
   * anybody: a peer could leave it full, and so hold whoever signals.
   *
   * @throws IllegalArgumentException when it is anything else; then it stays the caller's
   */
  public static EventCounter received(Fd fd) {
    if (!fd.leadsTo().equals(EVENTFD)) {
      throw new IllegalArgumentException("what was passed as a counter is " + fd.leadsTo());
    }
    return new EventCounter(new Channel(fd).nonBlocking().fd());
  }

  public Fd fd() {
    return fd;
  }

  /**
   * Adds one and wakes who waits; does nothing once it is closed. From any thread: between the look
   * at the number and the write nobody can close it, as the number may soon be another file's.
   */
  public synchronized void signal() {
    if (fd.isOpen()) {
      Downcall.attempt(SystemCall.WRITE, fd.number(), ONE.address(), 8);
    }
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
  public synchronized void close() {
    fd.close();
  }
}
