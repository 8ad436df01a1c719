/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The control group on the host around a machine's process: what the machine costs at most,
 * whatever its guest does, and what it has cost. Not the workload's limits: those are held by the
 * guest's kernel. cgroups(7)
 */
public final class HostGroup {
  private static final System.Logger LOG = System.getLogger(HostGroup.class.getName());
  private static final String OWN_PARENT = "caisson";
  private static final List<String> CONTROLLERS = List.of("memory", "cpu", "cpuacct", "pids");
  private static final String CHOICE = "cpuset";
  private static final String MEMBERS = "cgroup.procs";
  private static final String SUBTREE = "cgroup.subtree_control";
  private static final int PERIOD_MICROS = 100_000;
  private static final int REMOVAL_TRIES = 100;
  private static final int REMOVAL_PAUSE_MILLIS = 10;

  /** Translated code, device models and stacks: what QEMU has beside the guest's memory. */
  private static final long OWN_MEMORY = 512L << 20;

  /** The main loop, and the threads that wait for files. */
  private static final int OWN_THREADS = 128;

  private final CgroupLayout layout;
  private final String name;

  private HostGroup(CgroupLayout layout, String name) {
    this.layout = layout;
    this.name = name;
  }

  /**
   * Where a machine's group is, or would be.
   *
   * @param parent as {@code --cgroup-parent} gave it; empty for Caisson's own
   */
  public static HostGroup of(String id, String parent) {
    return of(CgroupLayout.ofThisHost(), id, parent);
  }

  static HostGroup of(CgroupLayout layout, String id, String parent) {
    String above = parent.isEmpty() ? OWN_PARENT : parent.replaceFirst("^/+", "");
    return new HostGroup(layout, (above.isEmpty() ? "" : above + "/") + "machine-" + id);
  }

  /**
   * Makes it and sets its limits. A host that has no control groups for us gives none: the machine
   * is bounded by its size alone then, as it is by the guest's kernel.
   *
   * @param memory of the guest, bytes
   * @param cpus virtual processors; no more of the host's are used, device models included
   * @param chosen where it runs, device models included; empty for anywhere
   * @throws SandboxException UNSUPPORTED when it cannot be held to the chosen ones
   */
  void make(long memory, int cpus, Optional<HostProcessors> chosen) {
    try {
      for (Path directory : directories()) {
        Files.createDirectories(directory);
      }
      long bytes = memory + OWN_MEMORY;
      long micros = (long) cpus * PERIOD_MICROS;
      if (unified().isPresent()) {
        delegate(unified().get());
        set("memory", "memory.max", Long.toString(bytes));
        set("cpu", "cpu.max", micros + " " + PERIOD_MICROS);
      } else {
        set("memory", "memory.limit_in_bytes", Long.toString(bytes));
        set("cpu", "cpu.cfs_period_us", Integer.toString(PERIOD_MICROS));
        set("cpu", "cpu.cfs_quota_us", Long.toString(micros));
      }
      set("pids", "pids.max", Integer.toString(OWN_THREADS + cpus));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "no control group {0}: {1}", name, e.getMessage());
    }
    chosen.ifPresent(this::choose);
  }

  /**
   * Holds a process in it to processors of the host from now on.
   *
   * @throws SandboxException UNSUPPORTED when it cannot; those it had stay
   */
  void use(HostProcessors chosen, long pid) {
    boolean chosenBefore = directory(CHOICE).filter(Files::isDirectory).isPresent();
    choose(chosen);
    // A group of v1 that was not needed until now; of v2 there is but one.
    if (!chosenBefore) {
      join(pid);
    }
  }

  /** A new cpuset of v1 takes no process until it has processors and memory nodes. cpuset(7) */
  private void choose(HostProcessors chosen) {
    Path group =
        directory(CHOICE)
            .orElseThrow(() -> unsupported(chosen, "this host has no cpuset control groups"));
    try {
      if (unified().isPresent()) {
        for (Path above : List.of(unified().get(), unified().get().resolve(OWN_PARENT))) {
          if (Files.exists(above.resolve(SUBTREE))) {
            Files.writeString(above.resolve(SUBTREE), "+cpuset");
          }
        }
      } else {
        Files.createDirectories(group);
        fill(group, layout.legacy().get(CHOICE));
      }
      Files.writeString(group.resolve("cpuset.cpus"), chosen.list());
    } catch (IOException e) {
      throw unsupported(chosen, "the host's control groups refuse it: " + e.getMessage());
    }
  }

  private static void fill(Path group, @Nullable Path mount) throws IOException {
    for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
      Path set = group.resolve(file);
      if (!group.equals(mount) && Files.readString(set).isBlank()) {
        Path above = Objects.requireNonNull(group.getParent());
        fill(above, mount);
        Files.writeString(set, Files.readString(above.resolve(file)));
      }
    }
  }

  private static SandboxException unsupported(HostProcessors chosen, String why) {
    return SandboxException.unsupported("processors " + chosen.list() + " for a machine", why);
  }

  /** Hands the controllers down to a group of v2, which gets them from all above it. */
  private static void delegate(Path mount) throws IOException {
    // The caller's group is below Caisson's, or below a parent whose owner set it up.
    for (Path group : List.of(mount, mount.resolve(OWN_PARENT))) {
      Path control = group.resolve(SUBTREE);
      if (Files.exists(control)) {
        Files.writeString(control, "+memory +cpu +pids");
      }
    }
  }

  private Optional<Path> unified() {
    return layout.legacy().isEmpty() ? layout.unified() : Optional.empty();
  }

  /** The group's directory in a controller's hierarchy, if that is mounted. */
  private Optional<Path> directory(String controller) {
    return unified()
        .or(() -> Optional.ofNullable(layout.legacy().get(controller)))
        .map(mount -> mount.resolve(name));
  }

  private Set<Path> directories() {
    Set<Path> found = new LinkedHashSet<>();
    CONTROLLERS.forEach(controller -> directory(controller).ifPresent(found::add));
    return found;
  }

  /** Those that exist, a choice of processors included. */
  private List<Path> made() {
    Set<Path> found = directories();
    directory(CHOICE).ifPresent(found::add);
    return found.stream().filter(Files::isDirectory).toList();
  }

  private void set(String controller, String file, String value) throws IOException {
    Optional<Path> target = directory(controller).map(group -> group.resolve(file));
    if (target.isPresent() && Files.exists(target.get())) {
      Files.writeString(target.get(), value);
    }
  }

  /** Where a process is moved in by writing its number. */
  List<String> processFiles() {
    return made().stream().map(group -> group.resolve(MEMBERS).toString()).toList();
  }

  /** Moves a process in; what it starts from now on is in as well. */
  void join(long pid) {
    for (Path directory : made()) {
      try {
        Files.writeString(directory.resolve(MEMBERS), Long.toString(pid));
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "process {0} is not in {1}: {2}",
            pid,
            directory,
            e.getMessage());
      }
    }
  }

  /**
   * Kills all that is in it, and waits: what a killed engine left. Whoever is in a machine's group
   * is the machine's, whatever it calls itself.
   */
  public void kill() {
    for (Path group : made()) {
      try {
        Files.readAllLines(group.resolve(MEMBERS)).stream()
            .map(Long::valueOf)
            .flatMap(pid -> ProcessHandle.of(pid).stream())
            .filter(ProcessHandle::destroyForcibly)
            .forEach(process -> process.onExit().join());
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "who is in " + group, e); // it has just gone
      }
    }
  }

  /** Processor time of all that was ever in it; empty where nobody counts. */
  Optional<Duration> cpuTime() {
    try {
      if (unified().isPresent()) {
        return Files.readAllLines(unified().get().resolve(name).resolve("cpu.stat")).stream()
            .filter(line -> line.startsWith("usage_usec "))
            .map(line -> Duration.ofNanos(1000 * Long.parseLong(line.substring(11))))
            .findFirst();
      }
      Optional<Path> group = directory("cpuacct");
      return group.isEmpty()
          ? Optional.empty()
          : Optional.of(
              Duration.ofNanos(
                  Long.parseLong(Files.readString(group.get().resolve("cpuacct.usage")).strip())));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty(); // it was never made, or has just gone
    }
  }

  /** Removes it once the process has left; does nothing if it is gone. */
  public void remove() {
    List<Path> left = new ArrayList<>(made());
    for (int tries = 0; tries < REMOVAL_TRIES; tries++) {
      left.removeIf(HostGroup::isGone);
      if (left.isEmpty()) {
        return;
      }
      try {
        Thread.sleep(REMOVAL_PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    LOG.log(System.Logger.Level.WARNING, "still in use: {0}", left);
  }

  private static boolean isGone(Path group) {
    try {
      Files.deleteIfExists(group);
      return true;
    } catch (IOException e) {
      return false; // the kernel is still taking the process apart
    }
  }
}
