/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.cgroup.DeviceFilter;
import dev.caisson.linux.file.Directory;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A control group of cgroup v2. Documentation/admin-guide/cgroup-v2.rst */
final class UnifiedCgroup implements Cgroup {
  private static final List<String> CONTROLLERS =
      List.of("cpuset", "cpu", "io", "memory", "hugetlb", "pids");
  private static final long FREEZE_PATIENCE = TimeUnit.SECONDS.toNanos(10);
  private static final long LEAVING_PATIENCE = TimeUnit.SECONDS.toNanos(2);

  private final Path root;
  private final Path group;
  private final boolean host;
  private final boolean plainDevices;
  private volatile boolean made; // by taking over a parked one

  /**
   * @param root the topmost group whose subtree is ours to arrange
   * @param host whether we are root of the host, who may attach a BPF program that filters devices
   * @param plainDevices whether the common device rules are all it needs
   */
  UnifiedCgroup(Path root, String parent, String name, boolean host, boolean plainDevices) {
    this.root = root;
    this.group = root.resolve(parent).resolve(name);
    this.host = host;
    this.plainDevices = plainDevices;
  }

  @Override
  public List<Path> directories() {
    return List.of(group);
  }

  @Override
  public void create(Resources resources, DeviceAccess devices) {
    if (!made) {
      make();
      filter(devices);
    }
    new UnifiedLimits(group).apply(resources);
  }

  private void filter(DeviceAccess devices) {
    if (host && !devices.everything()) {
      try (Directory directory = Directory.open(group)) {
        DeviceFilter.attach(directory, DeviceProgram.compile(devices));
      }
    }
  }

  private void make() {
    try {
      Files.createDirectory(group);
    } catch (FileAlreadyExistsException left) {
      // By a run that was killed. It may carry that run's device program, so it is made anew.
      awaitParked();
      remove();
      makeParents();
      mkdir(group);
    } catch (NoSuchFileException noParent) {
      makeParents();
      mkdir(group);
    } catch (IOException refused) {
      throw new CgroupException("mkdir " + group + ": " + refused.getMessage(), refused);
    }
  }

  private ParkedMark mark() {
    return ParkedMark.of(group, host);
  }

  /** What was parked under this name by an engine that was killed is just leaving. */
  private void awaitParked() {
    long deadline = System.nanoTime() + LEAVING_PATIENCE;
    while (mark().owner().isPresent()) {
      if (System.nanoTime() > deadline) {
        kill();
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  private static void mkdir(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException refused) {
      throw new CgroupException("mkdir " + directory + ": " + refused.getMessage(), refused);
    }
  }

  /** Makes the parents, and has each give all controllers it has to its children. */
  private synchronized void makeParents() {
    var parents = new ArrayDeque<Path>();
    for (Path at = group.getParent(); at != null && !at.equals(root); at = at.getParent()) {
      parents.push(at);
    }
    delegate(root);
    for (Path parent : parents) {
      mkdir(parent);
      delegate(parent);
    }
  }

  private static void delegate(Path directory) {
    List<String> present =
        List.of(CgroupFile.readIfPresent(directory.resolve("cgroup.controllers")).split(" "));
    List<String> given =
        List.of(CgroupFile.readIfPresent(directory.resolve("cgroup.subtree_control")).split(" "));
    List<String> missing =
        CONTROLLERS.stream().filter(c -> present.contains(c) && !given.contains(c)).toList();
    if (!missing.isEmpty()) {
      CgroupFile.write(
          directory.resolve("cgroup.subtree_control"), "+" + String.join(" +", missing));
    }
  }

  @Override
  public void create() {
    make();
    mark().set();
    filter(DeviceAccess.PLAIN);
  }

  @Override
  public boolean take(Cgroup parked) {
    if (!plainDevices || !parked.directories().equals(directories())) {
      return false; // the kernel renames groups of v1 only
    }
    mark().remove();
    made = true;
    return true;
  }

  @Override
  public void update(Resources resources) {
    new UnifiedLimits(group).apply(resources);
  }

  @Override
  public List<Path> procsFiles() {
    return List.of(group.resolve("cgroup.procs"));
  }

  @Override
  public Optional<Path> birthplace() {
    return Optional.of(group);
  }

  @Override
  public Optional<Path> memoryEvents() {
    Path events = group.resolve("memory.events");
    return Files.exists(events) ? Optional.of(events) : Optional.empty();
  }

  @Override
  public List<String> hierarchies() {
    return List.of();
  }

  @Override
  public void freeze() {
    CgroupFile.write(group.resolve("cgroup.freeze"), "1");
    long deadline = System.nanoTime() + FREEZE_PATIENCE;
    while (CgroupFile.table(group.resolve("cgroup.events")).getOrDefault("frozen", 0L) != 1) {
      if (System.nanoTime() > deadline) {
        thaw();
        throw new CgroupException(
            "freeze " + group + ": still not still", new IOException("timeout"));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  @Override
  public void thaw() {
    CgroupFile.write(group.resolve("cgroup.freeze"), "0");
  }

  @Override
  public boolean frozen() {
    return CgroupFile.readIfPresent(group.resolve("cgroup.freeze")).equals("1");
  }

  @Override
  public List<Integer> pids() {
    var pids = new TreeSet<Integer>();
    for (Path directory : CgroupTree.below(group)) {
      pids.addAll(CgroupFile.numbers(directory.resolve("cgroup.procs")));
    }
    return List.copyOf(pids);
  }

  @Override
  public void kill() {
    if (!Files.exists(group)) {
      return;
    }
    if (!CgroupFile.writeIfPresent(group.resolve("cgroup.kill"), "1")) { // Linux 5.14
      CgroupTree.killAll(this::pids);
    }
  }

  @Override
  public Measurable.Usage usage() {
    return new UnifiedUsage(group).read();
  }

  @Override
  public boolean remove() {
    return CgroupTree.remove(group);
  }
}
