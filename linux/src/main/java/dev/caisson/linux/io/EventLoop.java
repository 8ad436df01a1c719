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
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One platform thread that waits for many descriptors and timers. epoll(7)
 *
 * <p>Callbacks run on that thread and must not block; one that throws is logged, and its watch is
 * closed. Watching, scheduling and closing may be done from any thread.
 */
public final class EventLoop implements AutoCloseable {
  private static final Logger LOG = System.getLogger(EventLoop.class.getName());
  private static final int EPOLL_CLOEXEC = 02000000;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int CHANGE = 3;
  private static final int EVENT_SIZE = 12; // struct epoll_event is packed on x86-64
  private static final int BATCH = 256;
  private static final long WAKE = 0;

  /**
   * What happened on a descriptor; hang-up and error also count as readable, so that reads see
   * them.
   */
  public record Ready(boolean readable, boolean writable, boolean hangUp) {
    private static final int IN = 0x1;
    private static final int OUT = 0x4;
    private static final int ERR_HUP_RDHUP = 0x8 | 0x10 | 0x2000;

    static Ready of(int bits) {
      boolean hangUp = (bits & ERR_HUP_RDHUP) != 0;
      return new Ready((bits & IN) != 0 || hangUp, (bits & OUT) != 0, hangUp);
    }

    static int bits(boolean readable, boolean writable) {
      return (readable ? IN : 0) | (writable ? OUT : 0);
    }
  }

  /** Told on the loop's thread that a descriptor is ready. */
  @FunctionalInterface
  public interface Callback {
    void ready(Ready ready);
  }

  /** Something registered that can be called off. */
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /** A watched descriptor; what it waits for may change. Closing it leaves the descriptor open. */
  public final class Watch implements Registration {
    private final long key = keys.incrementAndGet();
    private final Fd fd;
    private final Callback callback;
    private final boolean once;

    private Watch(Fd fd, Callback callback, boolean once) {
      this.fd = fd;
      this.callback = callback;
      this.once = once;
    }

    /** Changes what it waits for; of errors and the other end's leaving it is told in any case. */
    public void waitFor(boolean readable, boolean writable) {
      control(CHANGE, fd, key, Ready.bits(readable, writable));
    }

    @Override
    public void close() {
      if (watches.remove(key) != null && fd.isOpen() && epoll.isOpen()) {
        Downcall.attempt(SystemCall.EPOLL_CTL, epoll.number(), DELETE, fd.number(), 0);
      }
    }
  }

  private static final class Timer implements Registration, Comparable<Timer> {
    private final long deadline;
    private final Runnable task;
    private volatile boolean closed;

    Timer(long deadline, Runnable task) {
      this.deadline = deadline;
      this.task = task;
    }

    @Override
    public int compareTo(Timer other) {
      return Long.compare(deadline - other.deadline, 0);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Fd epoll;
  private final EventCounter wake = EventCounter.create();
  private final Map<Long, Watch> watches = new ConcurrentHashMap<>();
  private final AtomicLong keys = new AtomicLong(WAKE);
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Timer> timers = new PriorityQueue<>(); // loop thread only
  private final Thread thread;
  private volatile boolean closing;

  private EventLoop(String name) {
    epoll =
        Fd.adopt(Downcall.checked("epoll_create1", "", SystemCall.EPOLL_CREATE1, EPOLL_CLOEXEC));
    control(ADD, wake.fd(), WAKE, Ready.IN);
    thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /** Starts a loop on a daemon thread of this name. */
  public static EventLoop start(String name) {
    EventLoop loop = new EventLoop(name);
    loop.thread.start();
    return loop;
  }

  /**
   * Calls back as long as the descriptor is ready (level-triggered). Close the watch before the fd.
   */
  public Watch watch(Fd fd, boolean readable, boolean writable, Callback callback) {
    return add(new Watch(fd, callback, false), Ready.bits(readable, writable));
  }

  private Watch add(Watch watch, int bits) {
    watches.put(watch.key, watch);
    try {
      control(ADD, watch.fd, watch.key, bits);
    } catch (LinuxException e) {
      watches.remove(watch.key);
      throw e;
    }
    return watch;
  }

  /** As {@link #watch}, for reading only. */
  public Watch whenReadable(Fd fd, Runnable callback) {
    return watch(fd, true, false, ready -> callback.run());
  }

  /**
   * Calls back once, when the descriptor is readable or its other end has gone; it is not watched
   * any more then, so that the callback may close it.
   */
  public Registration onceReadable(Fd fd, Runnable callback) {
    return add(new Watch(fd, ready -> callback.run(), true), Ready.bits(true, false));
  }

  /** Runs a task on the loop's thread soon. */
  public void execute(Runnable task) {
    tasks.add(task);
    wake.signal();
  }

  /** Runs a task once on the loop's thread after the delay. */
  public Registration after(Duration delay, Runnable task) {
    Timer timer = new Timer(System.nanoTime() + delay.toNanos(), task);
    execute(() -> timers.add(timer));
    return timer;
  }

  /** Stops the thread after its present callback; descriptors that were watched stay open. */
  @Override
  public void close() {
    closing = true;
    wake.signal();
    if (thread.equals(Thread.currentThread())) {
      return;
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment events = scratch.allocate((long) EVENT_SIZE * BATCH, 8);
      while (!closing) {
        long count =
            Downcall.attempt(
                SystemCall.EPOLL_PWAIT, epoll.number(), events.address(), BATCH, timeout(), 0, 8);
        for (int i = 0; i < count; i++) {
          dispatch(
              events.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) EVENT_SIZE * i + 4),
              events.get(ValueLayout.JAVA_INT_UNALIGNED, (long) EVENT_SIZE * i));
        }
        if (count < 0 && count != -Errno.EINTR.number()) {
          throw new LinuxException("epoll_pwait", epoll, Errno.of((int) -count));
        }
        runDue();
      }
    } finally {
      epoll.close();
      wake.close();
    }
  }

  private void dispatch(long key, int bits) {
    if (key == WAKE) {
      wake.take();
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        guarded(task);
      }
      return;
    }
    Watch watch = watches.get(key);
    if (watch != null && watch.once) {
      watch.close();
    }
    if (watch != null && !guarded(() -> watch.callback.ready(Ready.of(bits)))) {
      watch.close();
    }
  }

  private void runDue() {
    while (!timers.isEmpty() && timers.peek().deadline - System.nanoTime() <= 0) {
      Timer timer = timers.remove();
      if (!timer.closed) {
        guarded(timer.task);
      }
    }
  }

  /** Milliseconds until the next timer, rounded up; -1 without one. */
  private int timeout() {
    if (timers.isEmpty()) {
      return -1;
    }
    long nanos = timers.peek().deadline - System.nanoTime();
    return Math.clamp((nanos + 999_999) / 1_000_000, 0, Integer.MAX_VALUE);
  }

  private boolean guarded(Runnable task) {
    try {
      task.run();
      return true;
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "callback failed on " + thread.getName(), e);
      return false;
    }
  }

  private void control(int operation, Fd fd, long key, int bits) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment event = scratch.allocate(EVENT_SIZE, 4);
      event.set(ValueLayout.JAVA_INT_UNALIGNED, 0, bits);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, 4, key);
      Downcall.checked(
          "epoll_ctl",
          fd,
          SystemCall.EPOLL_CTL,
          epoll.number(),
          operation,
          fd.number(),
          event.address());
    }
  }
}
