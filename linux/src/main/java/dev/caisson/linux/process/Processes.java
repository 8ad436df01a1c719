/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.SystemCall;

/** Calls about processes and threads that need no descriptor. */
public final class Processes {

  private Processes() {}

  /** Sends a signal by number alone; prefer {@link ProcessFd#signal}. kill(2) */
  public static void kill(int pid, Signal signal) {
    Downcall.checked("kill", pid, SystemCall.KILL, pid, signal.number());
  }
}
