/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.workload.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where on this host control groups of containers are made. */
public final class Cgroups {
  private static final String OWN_PARENT = "caisson";

  private final CgroupLayout layout;
  private final Optional<Path> delegated;

  private Cgroups(CgroupLayout layout, Optional<Path> delegated) {
    this.layout = layout;
    this.delegated = delegated;
  }

  /** As root, anywhere on the host. */
  public static Cgroups ofHost() {
    return new Cgroups(CgroupLayout.ofThisHost(), Optional.empty());
  }

  /** Below a v2 group that was given to an ordinary user. */
  public static Cgroups below(Path delegatedGroup) {
    return new Cgroups(CgroupLayout.ofThisHost(), Optional.of(delegatedGroup));
  }

  public CgroupLayout layout() {
    return layout;
  }

  /**
   * The group for one container, not created yet; empty where this host has none for us.
   *
   * @param plainDevices whether the common device rules are all it needs
   */
  public Optional<Cgroup> group(String id, Resources resources, boolean plainDevices) {
    String parent = parent(resources);
    if (delegated.isPresent()) {
      return Optional.of(new UnifiedCgroup(delegated.get(), OWN_PARENT, id, false));
    }
    return switch (layout.generation()) {
      case V2 -> Optional.of(new UnifiedCgroup(layout.unified().orElseThrow(), parent, id, true));
      case V1, HYBRID -> {
        Resources.Cpu cpu = resources.cpu();
        boolean sets = cpu.cpus().isPresent() || cpu.memoryNodes().isPresent();
        yield Optional.of(
            new LegacyCgroup(
                layout, parent, id, plainDevices, sets, !resources.hugePages().isEmpty()));
      }
      case NONE -> Optional.empty();
    };
  }

  /** A parent named as systemd slices are becomes a plain directory of that name. */
  private static String parent(Resources resources) {
    String given = resources.cgroupParent();
    while (given.startsWith("/")) {
      given = given.substring(1);
    }
    return given.isEmpty() ? OWN_PARENT : given;
  }

  /** Removes groups recorded by a run that is over; false if one is still in use. */
  public static boolean removeAll(Iterable<Path> directories) {
    boolean gone = true;
    for (Path directory : directories) {
      gone &= !Files.exists(directory) || CgroupTree.remove(directory);
    }
    return gone;
  }
}
