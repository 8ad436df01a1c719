/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import java.util.Locale;
import java.util.Optional;

/** Signals by their Linux numbers. signal(7), x86 and arm */
public enum Signal {
  HUP(1),
  INT(2),
  QUIT(3),
  ILL(4),
  TRAP(5),
  ABRT(6),
  BUS(7),
  FPE(8),
  KILL(9),
  USR1(10),
  SEGV(11),
  USR2(12),
  PIPE(13),
  ALRM(14),
  TERM(15),
  STKFLT(16),
  CHLD(17),
  CONT(18),
  STOP(19),
  TSTP(20),
  TTIN(21),
  TTOU(22),
  URG(23),
  XCPU(24),
  XFSZ(25),
  VTALRM(26),
  PROF(27),
  WINCH(28),
  IO(29),
  PWR(30),
  SYS(31);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** As Linux numbers it on x86-64 and arm64, 1 to 31. signal(7) */
  public int number() {
    return number;
  }

  /**
   * Finds {@code TERM}, {@code SIGTERM} or {@code sigterm}. Real-time signals have numbers only.
   */
  public static Optional<Signal> named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String plain = upper.startsWith("SIG") ? upper.substring(3) : upper;
    for (Signal signal : values()) {
      if (signal.name().equals(plain)) {
        return Optional.of(signal);
      }
    }
    return Optional.empty();
  }
}
