/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A platform thread as the kernel knows it: interrupted in a system call by a signal that does
 * nothing else, and bound to processors of the host.
 *
 * <p>The handler is libc's abs(): native code that takes an int and touches nothing. A Java upcall
 * in a signal handler would be unsafe.
 */
public final class NativeThread {
  private static final int SIGNAL = 44; // SIGRTMIN+10: HotSpot and NIO use others
  private static final long SIGACTION_SIZE = 152; // glibc's struct sigaction on x86-64

  static {
    install();
  }

  private final int thread;

  private NativeThread(int thread) {
    this.thread = thread;
  }

  /** For the calling platform thread. */
  public static NativeThread ofCurrentThread() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread has no kernel thread of its own");
    }
    return new NativeThread((int) Downcall.attempt(SystemCall.GETTID, 0));
  }

  /** The thread's number, as /proc/self/task has it. */
  public int number() {
    return thread;
  }

  /** Sends the signal; a thread that is gone is no error. */
  public void kick() {
    Downcall.attempt(SystemCall.TGKILL, ProcessHandle.current().pid(), thread, SIGNAL);
  }

  /**
   * Binds the thread to host CPUs, now and until it is told otherwise. sched_setaffinity(2)
   *
   * @param cpuMask one bit for each of the first 64
   * @throws dev.caisson.linux.LinuxException EINVAL when the host, or the thread's control group,
   *     has none of them; ESRCH when the thread is gone
   */
  public void pin(long cpuMask) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment mask = scratch.allocate(8, 8);
      mask.set(ValueLayout.JAVA_LONG, 0, cpuMask);
      Downcall.checked(
          "sched_setaffinity",
          Long.toHexString(cpuMask),
          SystemCall.SCHED_SETAFFINITY,
          thread,
          8,
          mask.address());
    }
  }

  private static void install() {
    Linker linker = Linker.nativeLinker();
    MethodHandle sigaction =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("sigaction"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(SIGACTION_SIZE, 8); // sa_handler first, flags 0
      action.set(ValueLayout.ADDRESS, 0, linker.defaultLookup().findOrThrow("abs"));
      int result = (int) sigaction.invokeExact(SIGNAL, action, MemorySegment.NULL);
      if (result != 0) {
        throw new IllegalStateException("sigaction refused signal " + SIGNAL);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
