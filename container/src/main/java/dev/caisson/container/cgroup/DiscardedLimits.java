/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Limits that this host's kernel has no file for. As dockerd does, they are left out with a warning
 * where a container is still bounded without them; in dockerd's words, as its users look for those.
 * A limit whose whole controller is missing is refused when it is set.
 */
record DiscardedLimits(CgroupLayout layout) {
  static final String BFQ_WEIGHT = "blkio.bfq.weight";
  static final String BFQ_WEIGHT_DEVICE = "blkio.bfq.weight_device";

  /** A sentence for each; empty where all that is asked for holds. */
  List<String> of(Resources resources) {
    var discarded = new ArrayList<String>();
    memory(resources.memory(), discarded);
    blockIo(resources.blockIo(), discarded);
    return discarded;
  }

  /** Whether the real-time scheduler is asked for and cannot be bounded by group. */
  boolean lacksRealtime(Resources.Cpu cpu) {
    return unified() && (cpu.realtimeRuntime().isPresent() || cpu.realtimePeriod().isPresent());
  }

  private boolean unified() {
    return layout.generation() == CgroupLayout.Generation.V2;
  }

  private void memory(Resources.Memory memory, List<String> discarded) {
    boolean bounded = memory.limit().orElse(-1) > 0 && memory.swapTotal().orElse(0) != -1;
    if (bounded
        && lacks(
            "memory",
            unified() ? "memory.max" : "memory.limit_in_bytes",
            "memory.swap.max",
            "memory.memsw.limit_in_bytes")) {
      discarded.add(
          "Your kernel does not support swap limit capabilities or the cgroup is not mounted."
              + " Memory limited without swap.");
    }
    if (unified() && memory.swappiness().isPresent()) {
      discarded.add(
          "Your kernel does not support memory swappiness capabilities or the cgroup is not"
              + " mounted. Memory swappiness discarded.");
    }
    if (unified() && memory.oomKillDisable()) {
      discarded.add("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
    }
  }

  private void blockIo(Resources.BlockIo io, List<String> discarded) {
    String witness = unified() ? "io.max" : "blkio.throttle.read_bps_device";
    if (io.weight().isPresent()
        && lacks("blkio", witness, "io.weight", "io.bfq.weight", "blkio.weight", BFQ_WEIGHT)) {
      discarded.add(
          "Your kernel does not support Block I/O weight or the cgroup is not mounted."
              + " Weight discarded.");
    }
    if (!io.weights().isEmpty()
        && lacks("blkio", witness, "io.weight", "blkio.weight_device", BFQ_WEIGHT_DEVICE)) {
      discarded.add(
          "Your kernel does not support Block I/O weight_device or the cgroup is not mounted."
              + " Weight-device discarded.");
    }
  }

  /**
   * Whether groups have none of these files. The topmost group has not all that others have, so one
   * below it is looked at; where there is none yet, nothing is known to be missing.
   *
   * @param witness a file of each group with this controller
   */
  private boolean lacks(String controller, String witness, String... files) {
    Path hierarchy = unified() ? layout.unified().orElseThrow() : layout.legacy().get(controller);
    if (hierarchy == null) {
      return false;
    }
    try (DirectoryStream<Path> groups = Files.newDirectoryStream(hierarchy, Files::isDirectory)) {
      for (Path group : groups) {
        if (Files.exists(group.resolve(witness))) {
          return Stream.of(files).noneMatch(file -> Files.exists(group.resolve(file)));
        }
      }
    } catch (IOException unreadable) {
      return false;
    }
    return false;
  }
}
