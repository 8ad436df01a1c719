/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.util.List;

/** A sandbox whose processes can be listed. */
public interface Listable {
  /**
   * A table of processes.
   *
   * @param rows each with as many cells as there are titles
   */
  record ProcessTable(List<String> titles, List<List<String>> rows) {
    public ProcessTable {
      titles = List.copyOf(titles);
      rows = rows.stream().map(List::copyOf).toList();
    }
  }

  /**
   * What {@code ps} says of its processes.
   *
   * @param options of ps(1); empty for {@code -ef}
   */
  ProcessTable processes(List<String> options);

  /** Their ids, as {@link dev.caisson.sandbox.Sandbox#pid} counts them. */
  List<Integer> pids();
}
