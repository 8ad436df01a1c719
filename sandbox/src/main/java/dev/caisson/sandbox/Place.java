/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import java.nio.file.Path;

/**
 * The two directories of one instance. The engine makes them, mode 0700, before {@link
 * Isolation#create}, and removes them after {@link Sandbox#delete}.
 *
 * @param state survives a reboot: written files, logs, the undo record
 * @param run does not survive a reboot: sockets, pid files; keep it short, as a Unix socket's path
 *     has room for 107 bytes. unix(7)
 */
public record Place(Path state, Path run) {
  public Place {
    if (!state.isAbsolute() || !run.isAbsolute()) {
      throw SandboxException.invalid("place", state + " and " + run + " must be absolute");
    }
  }
}
