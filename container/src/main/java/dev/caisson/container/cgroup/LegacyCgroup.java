/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A control group of cgroup v1: one directory in each hierarchy.
 *
 * <p>Creation is on the critical path of every start, so it makes as few calls as it can: the
 * cpuset hierarchy, whose new groups must be filled before use, is left out unless a set is asked
 * for, and a group with the common device rules inherits them from a parent that has them already.
 */
final class LegacyCgroup implements Cgroup {
  private static final List<String> ALWAYS =
      List.of("cpu", "cpuacct", "memory", "devices", "freezer", "blkio", "pids");
  private static final String PLAIN_DEVICES = "plain";
  private static final long FREEZE_PATIENCE = TimeUnit.SECONDS.toNanos(10);

  private final Map<String, Path> mounts;
  private final Map<String, Path> groups = new LinkedHashMap<>();
  private final Set<String> hierarchies = new LinkedHashSet<>();
  private volatile boolean made; // by taking over a parked one

  /**
   * @param parent relative path below each hierarchy
   * @param plainDevices whether the common device rules are all it needs
   */
  LegacyCgroup(
      CgroupLayout layout,
      String parent,
      String name,
      boolean plainDevices,
      boolean sets,
      boolean hugePages) {
    this.mounts = layout.legacy();
    for (String controller : ALWAYS) {
      add(
          controller,
          parent,
          controller.equals("devices") && plainDevices && !parent.isEmpty(),
          name);
    }
    if (sets) {
      add("cpuset", parent, false, name);
    }
    if (hugePages) {
      add("hugetlb", parent, false, name);
    }
  }

  private void add(String controller, String parent, boolean plain, String name) {
    Path mount = mounts.get(controller);
    if (mount != null) {
      hierarchies.add(String.valueOf(mount.getFileName()));
      Path below = mount.resolve(parent);
      groups.put(controller, (plain ? below.resolve(PLAIN_DEVICES) : below).resolve(name));
    }
  }

  @Override
  public List<Path> directories() {
    return groups.values().stream().distinct().toList();
  }

  @Override
  public void create() {
    for (Path group : directories()) {
      make(group);
    }
  }

  @Override
  public boolean take(Cgroup parked) {
    List<Path> from = parked.directories();
    List<Path> to = directories();
    if (!parents(from).equals(parents(to))) {
      return false;
    }
    try {
      for (int i = 0; i < to.size(); i++) {
        move(from.get(i), to.get(i));
      }
      made = true;
      return true;
    } catch (IOException refused) {
      return false; // what was moved is empty once the parked process has ended
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException taken) {
      Files.deleteIfExists(to); // of a run that was killed: no process is in it
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static List<Path> parents(List<Path> groups) {
    return groups.stream().map(LegacyCgroup::parent).toList();
  }

  @Override
  public void create(Resources resources, DeviceAccess devices) {
    if (!made) {
      create();
    }
    Path cpuset = groups.get("cpuset");
    if (cpuset != null) {
      inheritSets(cpuset);
    }
    Path device = groups.get("devices");
    if (device != null) {
      boolean inherited = parent(device).endsWith(PLAIN_DEVICES);
      limitDevices(device, devices, inherited);
    }
    new LegacyLimits(groups).apply(resources, false);
  }

  private void make(Path group) {
    try {
      Files.createDirectory(group);
    } catch (FileAlreadyExistsException taken) {
      return; // left by a run that was killed: no process is in it, and all limits are set again
    } catch (NoSuchFileException noParent) {
      makeParent(parent(group));
      make(group);
    } catch (IOException refused) {
      throw new CgroupException("mkdir " + group + ": " + refused.getMessage(), refused);
    }
  }

  private static Path parent(Path group) {
    return Objects.requireNonNull(group.getParent(), "a group is below its mount");
  }

  private static synchronized void makeParent(Path parent) {
    try {
      Files.createDirectories(parent);
    } catch (IOException refused) {
      throw new CgroupException("mkdir " + parent + ": " + refused.getMessage(), refused);
    }
    if (parent.endsWith(PLAIN_DEVICES)) {
      limitDevices(parent, DeviceAccess.PLAIN, false);
    }
    CgroupFile.writeIfPresent(parent.resolve("memory.use_hierarchy"), "1");
  }

  private static void limitDevices(Path group, DeviceAccess devices, boolean inherited) {
    if (inherited) {
      return;
    }
    if (devices.everything()) {
      CgroupFile.write(group.resolve("devices.allow"), "a");
      return;
    }
    CgroupFile.write(group.resolve("devices.deny"), "a");
    CgroupFile.writeAll(
        group.resolve("devices.allow"), devices.rules().stream().map(DeviceAccess::line).toList());
  }

  /** A new cpuset is empty and takes no process until it has processors and memory. cpuset(7) */
  private static void inheritSets(Path group) {
    for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
      if (!CgroupFile.read(group.resolve(file)).isEmpty()) {
        continue;
      }
      Path parent = parent(group);
      if (Files.exists(parent.resolve(file))) {
        if (CgroupFile.read(parent.resolve(file)).isEmpty()) {
          inheritSets(parent);
        }
        CgroupFile.write(group.resolve(file), CgroupFile.read(parent.resolve(file)));
      }
    }
  }

  @Override
  public void update(Resources resources) {
    new LegacyLimits(groups).apply(resources, true);
  }

  @Override
  public List<Path> procsFiles() {
    return directories().stream().map(group -> group.resolve("cgroup.procs")).toList();
  }

  @Override
  public Optional<Path> birthplace() {
    return Optional.empty();
  }

  @Override
  public Optional<Path> memoryEvents() {
    return Optional.ofNullable(groups.get("memory"))
        .map(group -> group.resolve("memory.oom_control"));
  }

  @Override
  public List<String> hierarchies() {
    return List.copyOf(hierarchies);
  }

  @Override
  public void freeze() {
    Path state = freezer().resolve("freezer.state");
    CgroupFile.write(state, "FROZEN");
    long deadline = System.nanoTime() + FREEZE_PATIENCE;
    // A process that is being created can escape the first sweep; asking again catches it.
    while (!CgroupFile.read(state).equals("FROZEN")) {
      if (System.nanoTime() > deadline) {
        CgroupFile.write(state, "THAWED");
        throw new CgroupException(
            "freeze " + state + ": still not still", new IOException("timeout"));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      CgroupFile.write(state, "FROZEN");
    }
  }

  @Override
  public void thaw() {
    CgroupFile.write(freezer().resolve("freezer.state"), "THAWED");
  }

  @Override
  public boolean frozen() {
    Path group = groups.get("freezer");
    if (group == null) {
      return false;
    }
    String state = CgroupFile.readIfPresent(group.resolve("freezer.state"));
    // A group whose removal was cut short may have lost this part of it.
    return !state.isEmpty() && !state.equals("THAWED");
  }

  private Path freezer() {
    Path group = groups.get("freezer");
    if (group == null) {
      throw new CgroupException("freezer: not mounted", new IOException("no such hierarchy"));
    }
    return group;
  }

  @Override
  public List<Integer> pids() {
    Path group = groups.getOrDefault("pids", groups.values().iterator().next());
    var pids = new TreeSet<Integer>();
    for (Path directory : CgroupTree.below(group)) {
      pids.addAll(CgroupFile.numbers(directory.resolve("cgroup.procs")));
    }
    return List.copyOf(pids);
  }

  @Override
  public void kill() {
    CgroupTree.killAll(this::pids);
    if (frozen()) {
      thaw(); // what stands still dies only when it moves again
    }
  }

  @Override
  public Measurable.Usage usage() {
    return new LegacyUsage(groups).read();
  }

  @Override
  public boolean remove() {
    boolean gone = true;
    for (Path group : directories()) {
      gone &= CgroupTree.remove(group);
    }
    return gone;
  }
}
