/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/**
 * The two directories of one instance. The engine makes that for a run before {@link
 * Isolation#create}, and removes both after {@link Sandbox#delete}; {@code state} is made by the
 * isolation when it first has something to keep, see {@link #makeState}.
 *
 * @param state survives a reboot: written files, logs, the undo record
 * @param run does not survive a reboot: sockets, pid files; keep it short, as a Unix socket's path
 *     has room for 107 bytes. unix(7)
 */
public record Place(Path state, Path run) {
  private static final FileAttribute<?> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  public Place {
    if (!state.isAbsolute() || !run.isAbsolute()) {
      throw SandboxException.invalid("place", state + " and " + run + " must be absolute");
    }
  }

  /** Makes the state directory, mode 0700, unless it is there. */
  public void makeState() throws IOException {
    if (!Files.isDirectory(state)) {
      Files.createDirectories(Objects.requireNonNull(state.getParent(), "no root directory"));
      Files.createDirectory(state, OURS_ALONE);
    }
  }
}
