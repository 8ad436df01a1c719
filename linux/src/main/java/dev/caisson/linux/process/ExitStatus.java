/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

/** How a process ended. */
public sealed interface ExitStatus {
  /** As shells and Docker report it: the exit code, or 128 plus the signal. */
  int code();

  /** It returned from main or called exit, 0 to 255. */
  record Exited(int code) implements ExitStatus {}

  /** A signal ended it. */
  record Killed(int signal, boolean dumpedCore) implements ExitStatus {
    @Override
    public int code() {
      return 128 + signal;
    }
  }
}
