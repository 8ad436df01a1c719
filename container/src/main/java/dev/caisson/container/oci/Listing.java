/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;

/** What `ps` and `list` print. */
final class Listing {
  private Listing() {}

  static List<String> processes(List<Integer> pids, boolean json) {
    if (json) {
      ArrayNode array = Document.MAPPER.createArrayNode();
      pids.forEach(array::add);
      return List.of(array.toString());
    }
    var lines = new ArrayList<String>();
    lines.add("PID        CMD");
    pids.forEach(pid -> lines.add(String.format("%-10d %s", pid, command(pid))));
    return lines;
  }

  private static String command(int pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ').strip();
    } catch (IOException gone) {
      return "";
    }
  }

  static List<String> containers(Lifecycle lifecycle, boolean json, boolean quiet) {
    List<ContainerState> all = lifecycle.list();
    if (quiet) {
      return all.stream().map(ContainerState::id).toList();
    }
    if (json) {
      ArrayNode array = Document.MAPPER.createArrayNode();
      all.forEach(state -> array.add(Document.MAPPER.readTree(lifecycle.state(state.id()))));
      return List.of(array.toString());
    }
    var lines = new ArrayList<String>();
    String format = "%-24s %-10s %-10s %-40s %s";
    lines.add(String.format(format, "ID", "PID", "STATUS", "BUNDLE", "CREATED"));
    for (ContainerState state : all) {
      lines.add(
          String.format(
              format,
              state.id(),
              state.pid(),
              lifecycle.status(state),
              state.bundle(),
              state.created()));
    }
    return lines;
  }
}
