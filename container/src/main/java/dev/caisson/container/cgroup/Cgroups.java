/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where on this host control groups of containers are made. */
public final class Cgroups {
  /** Where processes of a delegated group go that are no containers. */
  public static final String ENGINE = "caisson-engine";

  private static final String OWN_PARENT = "caisson";

  private final CgroupLayout layout;
  private final Optional<Path> delegated;

  private Cgroups(CgroupLayout layout, Optional<Path> delegated) {
    this.layout = layout;
    this.delegated = delegated;
  }

  /** As root, anywhere on the host. */
  public static Cgroups ofHost() {
    return of(CgroupLayout.ofThisHost());
  }

  /** As root, where these are mounted. */
  public static Cgroups of(CgroupLayout layout) {
    return new Cgroups(layout, Optional.empty());
  }

  /**
   * Below a v2 group that was given to an ordinary user. What runs in it moves one group down, as
   * the kernel gives controllers only to groups without processes of their own.
   * Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"
   */
  public static Cgroups below(Path delegatedGroup) {
    Path ours = delegatedGroup.resolve(ENGINE);
    try {
      List<Integer> inside = CgroupFile.numbers(delegatedGroup.resolve("cgroup.procs"));
      if (!inside.isEmpty()) {
        Files.createDirectories(ours);
      }
      for (int pid : inside) {
        CgroupFile.write(ours.resolve("cgroup.procs"), Integer.toString(pid));
      }
    } catch (IOException refused) {
      throw new CgroupException("mkdir " + ours + ": " + refused.getMessage(), refused);
    }
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
      return Optional.of(new UnifiedCgroup(delegated.get(), OWN_PARENT, id, false, plainDevices));
    }
    return switch (layout.generation()) {
      case V2 ->
          Optional.of(
              new UnifiedCgroup(layout.unified().orElseThrow(), parent, id, true, plainDevices));
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

  /**
   * What of these limits this host's kernel does not have, and is left out; a sentence for each.
   *
   * @throws SandboxException UNSUPPORTED for what must not be left out
   */
  public List<String> discarded(Resources resources) {
    var limits = new DiscardedLimits(layout);
    if (limits.lacksRealtime(resources.cpu())) {
      throw SandboxException.unsupported(
          "real-time processor limit", "cgroup v2 has none%n  try: without it".formatted());
    }
    return limits.of(resources);
  }

  /**
   * A group for a process that waits for its container; empty where this host has none for us.
   * Where {@link #renames} is false its name must be the container's from the beginning.
   */
  public Optional<Cgroup> parked(String name) {
    return group(name, Resources.UNLIMITED, true);
  }

  /** Whether a group can be given another name, which the kernel does for v1 only. rename(2) */
  public boolean renames() {
    return !layout.legacy().isEmpty();
  }

  /**
   * Removes parked groups of processes that were killed with their stubs, or before they had one.
   *
   * @param prefix of the names where groups are renamed; the id of the process that made it follows
   * @return false if some are in use, or belong to a process that has not ended yet
   */
  public boolean removeLeft(String prefix) {
    boolean gone = true;
    for (Path example : parked(prefix).map(Cgroup::directories).orElse(List.of())) {
      Path parent = Objects.requireNonNull(example.getParent(), "below its mount");
      gone &=
          renames()
              ? LeftGroups.named(parent, prefix)
              : LeftGroups.marked(parent, delegated.isEmpty());
    }
    return gone;
  }

  /**
   * A parent named as systemd slices are becomes a plain directory of that name; "/" is the topmost
   * group.
   */
  private static String parent(Resources resources) {
    String given = resources.cgroupParent();
    if (given.isEmpty()) {
      return OWN_PARENT;
    }
    while (given.startsWith("/")) {
      given = given.substring(1);
    }
    return given;
  }
}
