/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What is kept of a container between two calls of the runtime.
 *
 * @param pid its first process
 * @param startTicks when that started, in clock ticks since boot: another process with the same
 *     number started later
 * @param created RFC 3339
 */
record ContainerState(
    String id, int pid, long startTicks, Path bundle, String created, JsonNode config) {
  private static final int STATE = 0; // fields after the name in /proc/PID/stat
  private static final int START = 19;

  private static Optional<String[]> fields(int pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  static long startTicks(int pid) {
    return fields(pid).map(fields -> Long.parseLong(fields[START])).orElse(-1L);
  }

  /** Whether its first process still runs; one that is dead and not yet reaped does not. */
  boolean alive() {
    return fields(pid)
        .filter(fields -> Long.parseLong(fields[START]) == startTicks)
        .filter(fields -> !fields[STATE].equals("Z") && !fields[STATE].equals("X"))
        .isPresent();
  }
}
