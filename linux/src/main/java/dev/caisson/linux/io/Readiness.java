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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** Waits for a few descriptors on the calling platform thread. poll(2) */
public final class Readiness {
  private static final short POLLIN = 1;

  private Readiness() {}

  /**
   * Waits until one can be read, is closed by its other end or failed.
   *
   * @param milliseconds longest wait; -1 for ever
   * @return which of them, none after the time is over or when a signal came
   */
  public static BitSet readable(int milliseconds, Fd... descriptors) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment polls = scratch.allocate(8L * descriptors.length, 4); // struct pollfd
      for (int i = 0; i < descriptors.length; i++) {
        polls.set(ValueLayout.JAVA_INT, 8L * i, descriptors[i].number());
        polls.set(ValueLayout.JAVA_SHORT, 8L * i + 4, POLLIN);
      }
      long count =
          Downcall.attempt(SystemCall.POLL, polls.address(), descriptors.length, milliseconds);
      if (count < 0 && count != -Errno.EINTR.number()) {
        throw new LinuxException(
            "poll", descriptors.length + " descriptors", Errno.of((int) -count));
      }
      var ready = new BitSet(descriptors.length);
      for (int i = 0; i < descriptors.length && count > 0; i++) {
        if (polls.get(ValueLayout.JAVA_SHORT, 8L * i + 6) != 0) {
          ready.set(i);
        }
      }
      return ready;
    }
  }
}
