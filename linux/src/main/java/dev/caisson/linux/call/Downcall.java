/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The one door to the kernel: system calls with up to six machine words.
 *
 * <p>A blocking call pins the carrier of a virtual thread, so such calls belong to platform
 * threads.
 */
public final class Downcall {
  private static final MethodHandle SYSCALL = KernelEntry.words();

  // read, write, pread and pwrite take a segment instead of an address, so that its arena cannot be
  // closed by another thread while the kernel still writes to it.
  // Linked when the first of them is made: linking takes longer than a disk command that makes
  // none.
  private static final class Transfer {
    static final MethodHandle SEGMENT_SYSCALL = KernelEntry.withSegment();
  }

  private Downcall() {}

  /** A call that should succeed; repeated while a signal interrupts it. */
  public static long checked(
      String call, Object subject, long number, long a, long b, long c, long d, long e, long f) {
    long result = attempt(number, a, b, c, d, e, f);
    while (result == -Errno.EINTR.number()) {
      result = attempt(number, a, b, c, d, e, f);
    }
    if (result < 0 && result >= -4095) {
      throw new LinuxException(call, subject, Errno.of((int) -result));
    }
    return result;
  }

  public static long checked(String call, Object subject, long number, long a) {
    return checked(call, subject, number, a, 0, 0, 0, 0, 0);
  }

  public static long checked(String call, Object subject, long number, long a, long b) {
    return checked(call, subject, number, a, b, 0, 0, 0, 0);
  }

  public static long checked(String call, Object subject, long number, long a, long b, long c) {
    return checked(call, subject, number, a, b, c, 0, 0, 0);
  }

  public static long checked(
      String call, Object subject, long number, long a, long b, long c, long d) {
    return checked(call, subject, number, a, b, c, d, 0, 0);
  }

  public static long checked(
      String call, Object subject, long number, long a, long b, long c, long d, long e) {
    return checked(call, subject, number, a, b, c, d, e, 0);
  }

  /**
   * A call whose refusal is an answer: the result, or minus errno, as the kernel itself returns.
   */
  public static long attempt(long number, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) SYSCALL.invokeExact(number, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  public static long attempt(long number, long a) {
    return attempt(number, a, 0, 0, 0, 0, 0);
  }

  public static long attempt(long number, long a, long b) {
    return attempt(number, a, b, 0, 0, 0, 0);
  }

  public static long attempt(long number, long a, long b, long c) {
    return attempt(number, a, b, c, 0, 0, 0);
  }

  public static long attempt(long number, long a, long b, long c, long d) {
    return attempt(number, a, b, c, d, 0, 0);
  }

  /** As {@link #attempt}, for calls shaped (fd, buffer, length, offset). */
  public static long attempt(long number, int fd, MemorySegment buffer, long length, long offset) {
    try {
      return (long) Transfer.SEGMENT_SYSCALL.invokeExact(number, (long) fd, buffer, length, offset);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A method handle declares Throwable; ours throws unchecked ones only. */
  static RuntimeException unexpected(Throwable t) {
    return switch (t) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(t);
    };
  }
}
