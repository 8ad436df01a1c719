/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

/**
 * What happens to a call, as the value a filter returns. linux/seccomp.h
 *
 * @param value action in the upper, its data in the lower 16 bits
 */
public record Verdict(int value) {
  public static final Verdict ALLOW = new Verdict(0x7fff_0000);
  public static final Verdict LOG = new Verdict(0x7ffc_0000);
  public static final Verdict NOTIFY = new Verdict(0x7fc0_0000);
  public static final Verdict TRAP = new Verdict(0x0003_0000);
  public static final Verdict KILL_THREAD = new Verdict(0);
  public static final Verdict KILL_PROCESS = new Verdict(0x8000_0000);
  public static final Verdict NOT_PERMITTED = errno(1);
  public static final Verdict NOT_IMPLEMENTED = errno(38);

  private static final int ACTION = 0xffff_0000;
  private static final int ERRNO_ACTION = 0x0005_0000;
  private static final int TRACE_ACTION = 0x7ff0_0000;
  private static final int MAX_DATA = 4095;

  /** The call fails with this errno, 0 to 4095. */
  public static Verdict errno(int number) {
    return new Verdict(ERRNO_ACTION | data(number));
  }

  /** A tracer is asked, with this message. */
  public static Verdict trace(int message) {
    return new Verdict(TRACE_ACTION | data(message));
  }

  /** Whether the call fails with an errno. */
  public boolean isErrno() {
    return (value & ACTION) == ERRNO_ACTION;
  }

  private static int data(int number) {
    if (number < 0 || number > MAX_DATA) {
      throw Profile.invalid("errno " + number + " is outside 0 to " + MAX_DATA);
    }
    return number;
  }
}
