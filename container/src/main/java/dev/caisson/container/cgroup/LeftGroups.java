/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Removes parked groups whose engine was killed, and their stubs as well. */
final class LeftGroups {
  /** Times of starts are told in whole seconds since a boot that is known to the second. */
  private static final Duration CLOCK_STEP = Duration.ofSeconds(2);

  private static final Duration LONGEST_START = Duration.ofMinutes(10);
  private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

  private LeftGroups() {}

  /** Whose groups these are, if they are parked ones. */
  private interface Owners {
    OptionalLong of(Path group);
  }

  /** Those of v1, named after the process that made them: false if some must wait. */
  static boolean named(Path parent, String prefix) {
    return remove(
        parent,
        prefix + "*",
        group -> {
          String[] name = group.getFileName().toString().substring(prefix.length()).split("-");
          try {
            return OptionalLong.of(Long.parseLong(name[0]));
          } catch (NumberFormatException notOurs) {
            return OptionalLong.empty();
          }
        });
  }

  /**
   * Those of v2, marked by the process that made them: false if some must wait.
   *
   * @param root as {@link ParkedMark#of} has it
   */
  static boolean marked(Path parent, boolean root) {
    return remove(
        parent,
        "*",
        group -> {
          OptionalLong owner = ParkedMark.of(group, root).owner();
          if (owner.isEmpty()) {
            removeUnmarked(group);
          }
          return owner;
        });
  }

  /**
   * Who was killed between making a group and marking it leaves an empty one that looks like a
   * container's in the middle of its start; which it is no longer after that time.
   */
  private static void removeUnmarked(Path group) {
    try {
      boolean named = ID.matcher(group.getFileName().toString()).matches();
      Instant made = Files.getLastModifiedTime(group).toInstant();
      if (named && made.plus(LONGEST_START).isBefore(Instant.now())) {
        Files.delete(group); // refused where a process, or another group, is
      }
    } catch (IOException inUse) {
      // somebody's
    }
  }

  private static boolean remove(Path parent, String pattern, Owners owners) {
    boolean gone = true;
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, pattern)) {
      for (Path group : found) {
        OptionalLong owner = Files.isDirectory(group) ? owners.of(group) : OptionalLong.empty();
        if (owner.isPresent()) {
          boolean stale = ownerIsGone(owner.getAsLong(), group);
          boolean removed = stale && CgroupTree.remove(group);
          gone &= removed || (!stale && owner.getAsLong() == ProcessHandle.current().pid());
        }
      }
    } catch (IOException notThere) {
      // nothing was ever parked
    }
    return gone;
  }

  /** Whether no process, or one that is younger than the group, has the id that named it. */
  private static boolean ownerIsGone(long owner, Path group) throws IOException {
    Optional<ProcessHandle> process = ProcessHandle.of(owner);
    if (process.isEmpty() || hasEnded(owner)) {
      return true;
    }
    Instant made = Files.getLastModifiedTime(group).toInstant();
    return process.get().info().startInstant().filter(made.plus(CLOCK_STEP)::isBefore).isPresent();
  }

  /** Whether it only waits for its parent to take note. proc_pid_stat(5) */
  private static boolean hasEnded(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      int state = stat.lastIndexOf(") ") + 2;
      return stat.startsWith("Z", state) || stat.startsWith("X", state);
    } catch (IOException gone) {
      return true;
    }
  }
}
