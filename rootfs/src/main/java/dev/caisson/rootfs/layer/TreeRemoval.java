/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.Resolution;

/**
 * Removes a whole tree below an open directory. It never follows a link and never leaves the file
 * system it began on, whatever somebody else renames meanwhile.
 */
public final class TreeRemoval {
  private static final Resolution[] STEP = {
    Resolution.BENEATH, Resolution.NO_SYMLINKS, Resolution.NO_CROSSING
  };

  private TreeRemoval() {}

  /** Removes {@code name} with everything below it; nothing happens when there is no such name. */
  public static void remove(Directory parent, String name) {
    try {
      removeEntry(parent, name, parent.status(name).type() == FileType.DIRECTORY);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }

  /** Removes everything in {@code directory}, which itself stays. */
  public static void empty(Directory directory) {
    for (var entry : DirectoryEntry.list(directory.fd())) {
      boolean isDirectory =
          entry.type().orElseGet(() -> directory.status(entry.name()).type()) == FileType.DIRECTORY;
      removeEntry(directory, entry.name(), isDirectory);
    }
  }

  private static void removeEntry(Directory parent, String name, boolean isDirectory) {
    if (!isDirectory) {
      parent.remove(name);
      return;
    }
    try (var directory = open(parent, name)) {
      empty(directory);
    }
    parent.removeDirectory(name);
  }

  // An ordinary user meets directories that their mode closes even to their owner.
  private static Directory open(Directory parent, String name) {
    try {
      return parent.resolve(name, STEP);
    } catch (LinuxException e) {
      if (!e.is(Errno.EACCES)) {
        throw e;
      }
      parent.changePermissions(name, 0700);
      return parent.resolve(name, STEP);
    }
  }
}
