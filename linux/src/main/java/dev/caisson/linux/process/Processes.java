/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** Calls about processes and threads that need no descriptor. */
public final class Processes {
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int CPU_SET_SIZE = 128; // 1,024 processors

  private Processes() {}

  /** Sends a signal by number alone; prefer {@link ProcessFd#signal}. kill(2) */
  public static void kill(int pid, Signal signal) {
    Downcall.checked("kill", pid, SystemCall.KILL, pid, signal.number());
  }

  /** From now on orphaned descendants become our children instead of init's. prctl(2) */
  public static void becomeSubreaper() {
    Downcall.checked("prctl", "child subreaper", SystemCall.PRCTL, PR_SET_CHILD_SUBREAPER, 1);
  }

  /** The calling thread's process gets this signal when its parent thread ends. prctl(2) */
  public static void signalOnParentDeath(Signal signal) {
    Downcall.checked(
        "prctl", "parent death signal", SystemCall.PRCTL, PR_SET_PDEATHSIG, signal.number());
  }

  /** The kernel's number of the calling platform thread. gettid(2) */
  public static int threadId() {
    return (int) Downcall.attempt(SystemCall.GETTID, 0);
  }

  /**
   * Binds a thread (0: the calling one) to processors, numbered 0 to 1,023. sched_setaffinity(2)
   */
  public static void bindToProcessors(int threadId, BitSet processors) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment set = scratch.allocate(CPU_SET_SIZE, 8);
      byte[] bits = processors.toByteArray();
      if (bits.length > CPU_SET_SIZE) {
        throw new IllegalArgumentException("processor number beyond 1,023: " + processors);
      }
      MemorySegment.copy(bits, 0, set, ValueLayout.JAVA_BYTE, 0, bits.length);
      Downcall.checked(
          "sched_setaffinity",
          processors,
          SystemCall.SCHED_SETAFFINITY,
          threadId,
          CPU_SET_SIZE,
          set.address());
    }
  }
}
