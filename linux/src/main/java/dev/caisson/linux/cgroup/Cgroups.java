/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import dev.caisson.linux.mount.MountEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the control groups of this host are, and where in them the process that asked is.
 *
 * @param controllers controller name ({@code memory}, {@code name=systemd}) to its hierarchy
 * @param unified the version 2 hierarchy, present unless the layout is LEGACY
 */
public record Cgroups(
    CgroupLayout layout, Map<String, Hierarchy> controllers, Optional<Hierarchy> unified) {

  /**
   * One mounted hierarchy.
   *
   * @param mount where it is mounted
   * @param own the group this process is in, as a directory below {@code mount}
   */
  public record Hierarchy(Path mount, Path own, boolean version2) {
    /** Whether this process may make groups below {@code own} and move itself there. */
    public boolean isDelegated() {
      return Files.isWritable(own) && Files.isWritable(own.resolve("cgroup.procs"));
    }
  }

  public Cgroups {
    controllers = Collections.unmodifiableMap(new LinkedHashMap<>(controllers));
  }

  /** Looks at the host as the calling process sees it. */
  public static Cgroups detect() {
    try {
      return of(MountEntry.all(), Files.readAllLines(Path.of("/proc/self/cgroup")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Computes the same from mountinfo entries and the lines of /proc/PID/cgroup. Pure but for v2's
   * list.
   */
  static Cgroups of(List<MountEntry> mounts, List<String> membership) {
    Map<String, Hierarchy> controllers = new LinkedHashMap<>();
    Optional<Hierarchy> unified = Optional.empty();
    for (String line : membership) { // hierarchy-ID:controllers:path
      String[] fields = line.split(":", 3);
      if (fields.length != 3) {
        continue;
      }
      if (fields[1].isEmpty()) {
        unified = mountOf(mounts, "cgroup2", "").map(m -> hierarchy(m, fields[2], true));
        continue;
      }
      for (String controller : fields[1].split(",")) {
        mountOf(mounts, "cgroup", controller)
            .ifPresent(m -> controllers.put(controller, hierarchy(m, fields[2], false)));
      }
    }
    boolean controlled = controllers.keySet().stream().anyMatch(name -> !name.startsWith("name="));
    if (unified.isPresent() && !controlled) {
      Hierarchy all = unified.get();
      words(all.own().resolve("cgroup.controllers")).forEach(name -> controllers.put(name, all));
    }
    return new Cgroups(layout(unified.isPresent(), controlled), controllers, unified);
  }

  /** Whether a controller is usable somewhere on this host. */
  public boolean has(String controller) {
    return controllers.containsKey(controller);
  }

  /** Every hierarchy once, the unified one last. */
  public List<Hierarchy> hierarchies() {
    Set<Hierarchy> distinct = new HashSet<>();
    List<Hierarchy> all = new ArrayList<>();
    for (Hierarchy hierarchy : controllers.values()) {
      if (distinct.add(hierarchy)) {
        all.add(hierarchy);
      }
    }
    unified.filter(distinct::add).ifPresent(all::add);
    return all;
  }

  /** The words of a one-line control file; none if it does not exist. */
  static List<String> words(Path file) {
    try {
      String text = Files.readString(file).strip();
      return text.isEmpty() ? List.of() : List.of(text.split("\\s+"));
    } catch (IOException e) {
      return List.of();
    }
  }

  private static CgroupLayout layout(boolean unified, boolean controlled) {
    if (unified) {
      return controlled ? CgroupLayout.HYBRID : CgroupLayout.UNIFIED;
    }
    return controlled ? CgroupLayout.LEGACY : CgroupLayout.NONE;
  }

  private static Optional<MountEntry> mountOf(
      List<MountEntry> mounts, String type, String controller) {
    return mounts.stream()
        .filter(mount -> mount.type().equals(type))
        .filter(mount -> controller.isEmpty() || mount.superOptions().contains(controller))
        .findFirst();
  }

  private static Hierarchy hierarchy(MountEntry mount, String path, boolean version2) {
    // Inside a container the mount shows a part of the tree: what lies above it is cut off the
    // path.
    String root = mount.root().equals("/") ? "" : mount.root();
    String below = path.startsWith(root) ? path.substring(root.length()) : path;
    Path own = mount.target().resolve(below.startsWith("/") ? below.substring(1) : below);
    return new Hierarchy(mount.target(), own.normalize(), version2);
  }
}
