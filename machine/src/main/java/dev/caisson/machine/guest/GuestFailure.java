/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import dev.caisson.linux.Errno;

/** A plan that failed in the guest, or an order the guest refused. */
public final class GuestFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Where no step of the plan is to blame. */
  public static final int NO_STEP = -1;

  private final int step;
  private final int errno;
  private final String detail;

  /**
   * @param step position in the plan, or {@link #NO_STEP}
   */
  public GuestFailure(int step, int errno, String detail) {
    super(words(step, errno, detail));
    this.step = step;
    this.errno = errno;
    this.detail = detail;
  }

  private static String words(int step, int errno, String detail) {
    String where = step == NO_STEP ? "in the guest: " : "step " + (step + 1) + " in the guest: ";
    Errno answer = Errno.of(errno);
    return where + detail + (errno == 0 ? "" : ": " + answer + ", " + answer.meaning());
  }

  public int step() {
    return step;
  }

  public int errno() {
    return errno;
  }

  public String detail() {
    return detail;
  }
}
