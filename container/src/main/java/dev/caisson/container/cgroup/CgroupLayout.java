/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How this host mounts control groups. cgroups(7)
 *
 * @param legacy controller to mount point of its v1 hierarchy
 * @param unified the mount point of cgroup v2; on a hybrid host it has no controllers
 */
public record CgroupLayout(Map<String, Path> legacy, Optional<Path> unified) {
  private static final Set<String> CONTROLLERS =
      Set.of(
          "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb");

  public CgroupLayout {
    legacy = Map.copyOf(legacy);
  }

  /** Which generation does the limiting. */
  public enum Generation {
    V1,
    HYBRID,
    V2,
    NONE
  }

  public static CgroupLayout ofThisHost() {
    try {
      return parse(Files.readAllLines(Path.of("/proc/self/mountinfo")));
    } catch (IOException failed) {
      throw new CgroupException("read /proc/self/mountinfo", failed);
    }
  }

  /** Reads the lines of a mountinfo file. proc(5) */
  static CgroupLayout parse(List<String> mountinfo) {
    var legacy = new LinkedHashMap<String, Path>();
    Optional<Path> unified = Optional.empty();
    for (String line : mountinfo) {
      int dash = line.indexOf(" - ");
      if (dash < 0) {
        continue;
      }
      String[] after = line.substring(dash + 3).split(" ");
      Path point = Path.of(unescape(line.split(" ")[4]));
      if (after[0].equals("cgroup2") && unified.isEmpty()) {
        unified = Optional.of(point);
      } else if (after[0].equals("cgroup") && after.length > 2) {
        for (String option : after[2].split(",")) {
          if (CONTROLLERS.contains(option)) {
            legacy.putIfAbsent(option, point);
          }
        }
      }
    }
    return new CgroupLayout(legacy, unified);
  }

  private static String unescape(String text) {
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
  }

  public Generation generation() {
    if (legacy.isEmpty()) {
      return unified.isPresent() ? Generation.V2 : Generation.NONE;
    }
    return unified.isPresent() ? Generation.HYBRID : Generation.V1;
  }
}
