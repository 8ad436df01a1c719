/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** A control group with those made inside it by the workload itself. */
final class CgroupTree {
  // A workload may nest as it likes; the kernel allows cgroup.max.descendants, we bound our walk.
  private static final int DEEPEST = 64;
  private static final int KILL_ROUNDS = 100;

  private CgroupTree() {}

  /** The group and all below it, parents first. */
  static List<Path> below(Path group) {
    var all = new ArrayList<Path>();
    try {
      collect(group, 0, all);
    } catch (IOException | UncheckedIOException gone) {
      return all; // removed while we looked
    }
    return all;
  }

  private static void collect(Path group, int depth, List<Path> all) throws IOException {
    if (depth > DEEPEST || !Files.isDirectory(group)) {
      return;
    }
    all.add(group);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(group, Files::isDirectory)) {
      for (Path child : entries) {
        collect(child, depth + 1, all);
      }
    }
  }

  /** Kills whatever is listed, again and again while new ones appear. */
  static void killAll(Supplier<? extends Collection<Integer>> pids) {
    for (int round = 0; round < KILL_ROUNDS; round++) {
      Collection<Integer> left = pids.get();
      if (left.isEmpty()) {
        return;
      }
      for (int pid : left) {
        ProcessFd.find(pid)
            .ifPresent(process -> {
              try (process) {
                process.signal(Signal.KILL);
              }
            });
      }
    }
  }

  /** Removes a group and all below it; false if one is still in use. */
  static boolean remove(Path group) {
    try {
      Files.delete(group); // the common case: nothing was made inside
      return true;
    } catch (NoSuchFileException gone) {
      return true;
    } catch (IOException inUse) {
      // Control files are no entries to rmdir(2): only child groups or processes can be in the way.
    }
    for (Path inner : below(group).reversed()) {
      try {
        Files.deleteIfExists(inner);
      } catch (IOException stillUsed) {
        return false;
      }
    }
    return true;
  }
}
