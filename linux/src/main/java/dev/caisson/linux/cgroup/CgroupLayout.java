/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import dev.caisson.linux.mount.MountEntry;
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

  /** As the calling process sees it. */
  public static CgroupLayout ofThisHost() {
    return of(MountEntry.all());
  }

  /** The same from a list of mounts. Pure. */
  public static CgroupLayout of(List<MountEntry> mounts) {
    var legacy = new LinkedHashMap<String, Path>();
    Optional<Path> unified = Optional.empty();
    for (MountEntry mount : mounts) {
      if (mount.type().equals("cgroup2") && unified.isEmpty()) {
        unified = Optional.of(mount.target());
      } else if (mount.type().equals("cgroup")) {
        mount.superOptions().stream()
            .filter(CONTROLLERS::contains)
            .forEach(controller -> legacy.putIfAbsent(controller, mount.target()));
      }
    }
    return new CgroupLayout(legacy, unified);
  }

  /** Which versions of control groups are mounted. cgroups(7) */
  public Generation generation() {
    if (legacy.isEmpty()) {
      return unified.isPresent() ? Generation.V2 : Generation.NONE;
    }
    return unified.isPresent() ? Generation.HYBRID : Generation.V1;
  }
}
