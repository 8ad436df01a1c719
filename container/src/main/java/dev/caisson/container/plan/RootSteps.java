/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import static dev.caisson.launch.MountAttribute.NO_DEVICES;
import static dev.caisson.launch.MountAttribute.NO_EXEC;
import static dev.caisson.launch.MountAttribute.NO_SETUID;
import static dev.caisson.launch.MountAttribute.READ_ONLY;
import static dev.caisson.launch.MountAttribute.STRICT_ACCESS_TIME;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Handle;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The root file system, and the kernel's own file systems every Linux program counts on. */
final class RootSteps {
  private static final Set<MountAttribute> CAREFUL = Set.of(NO_SETUID, NO_EXEC, NO_DEVICES);
  private static final Set<MountAttribute> CAREFUL_READ_ONLY =
      Set.of(NO_SETUID, NO_EXEC, NO_DEVICES, READ_ONLY);

  private RootSteps() {}

  static void add(Workload workload, Surroundings host, List<Step> steps) {
    if (host.apart().isEmpty()) {
      boolean echoes = workload.mounts().mounts().stream().anyMatch(RootSteps::listens);
      steps.add(
          inside(
                  "stop echoes",
                  new MountAction.SetPropagation(
                      "/", echoes ? Propagation.SLAVE : Propagation.PRIVATE, true))
              .because("the host must not see our mounts"));
    }
    steps.add(inside("mount root", root(workload, host)));
    kernelFileSystems(workload, host, steps);
  }

  /** Whether a mount wants to see, or be seen by, the host's later mounts. */
  private static boolean listens(Mount mount) {
    return mount instanceof Mount.Bind bind
        && switch (bind.propagation()) {
          case PRIVATE, RECURSIVE_PRIVATE -> false;
          case SHARED, RECURSIVE_SHARED, SLAVE, RECURSIVE_SLAVE -> true;
        };
  }

  private static MountAction root(Workload workload, Surroundings host) {
    Path state = host.place().state();
    String target = host.place().run().resolve("root").toString();
    if (host.mountedRoot().isPresent()) {
      return new MountAction.AttachRoot(
          host.mountedRoot().get(), host.apart().isPresent() ? "/" : target);
    }
    return switch (workload.root()) {
      case RootFilesystem.Layers layers ->
          new MountAction.MountOverlay(
              layers.layers().stream().map(layer -> layer.directory().toString()).toList(),
              Optional.of(state.resolve("upper").toString()),
              Optional.of(state.resolve("work").toString()),
              options(userNamespace(workload, host), layers),
              Set.of(),
              target);
      case RootFilesystem.Directory directory ->
          new MountAction.BindRoot(Handle.path(directory.path().toString()), true, target);
      case RootFilesystem.DiskImage disk ->
          throw SandboxException.unsupported(
              "root " + disk.path(),
              "a container shares the host's files and takes no disk; choose an isolation that"
                  + " does, or an image");
    };
  }

  static List<String> options(boolean userNamespace, RootFilesystem.Layers layers) {
    List<String> options = new ArrayList<>();
    options.add(userNamespace ? "userxattr" : "index=off");
    if (!layers.durable()) {
      // Without it every end of a container writes the whole file system of the host to the disk.
      options.add("volatile");
    }
    return options;
  }

  private static void kernelFileSystems(Workload workload, Surroundings host, List<Step> steps) {
    // A namespace of the host's, seen from a user namespace of one's own, gives no right to mount
    // its file system; what the host has is shown then. user_namespaces(7)
    boolean ownUsers = userNamespace(workload, host);
    steps.add(ownsProcesses(workload) || !ownUsers ? processes() : bind("/proc", CAREFUL));
    steps.add(devices());
    steps.add(terminals(host.singleId()));
    sharedMemory(workload, host, steps);
    boolean ownIpc = !host.joined().containsKey(Namespace.IPC) && ownsIpc(workload);
    steps.add(ownIpc || !ownUsers ? messageQueues() : bind("/dev/mqueue", CAREFUL));
    boolean privileged = workload.security().privileged();
    Set<MountAttribute> system = privileged ? CAREFUL : CAREFUL_READ_ONLY;
    boolean ownNetwork = ownsNetwork(workload);
    steps.add(
        ownNetwork || !ownUsers ? mount("/sys", "sysfs", List.of(), system) : bind("/sys", system));
    host.group().ifPresent(group -> groups(group, system, steps));
  }

  /** The same as every common container has them, for a process that is parked; without /sys. */
  static void usual(Ground ground, List<Step> steps) {
    steps.add(processes());
    steps.add(devices());
    steps.add(terminals(ground.singleId()));
    steps.add(sharedMemory(Mounts.NONE.sharedMemory()));
    steps.add(messageQueues());
  }

  /** As {@link #usual}: what shows the system and a process's own control groups. */
  static void usualSystem(Cgroup group, List<Step> steps) {
    steps.add(mount("/sys", "sysfs", List.of(), CAREFUL_READ_ONLY));
    groups(group, CAREFUL_READ_ONLY, steps);
  }

  private static Step processes() {
    return mount("/proc", "proc", List.of(), CAREFUL);
  }

  private static Step devices() {
    return mount(
        "/dev", "tmpfs", List.of("mode=755", "size=65536k"), Set.of(NO_SETUID, STRICT_ACCESS_TIME));
  }

  private static Step terminals(boolean singleId) {
    List<String> options =
        singleId
            ? List.of("newinstance", "ptmxmode=0666", "mode=0620")
            : List.of("newinstance", "ptmxmode=0666", "mode=0620", "gid=5");
    return mount("/dev/pts", "devpts", options, Set.of(NO_SETUID, NO_EXEC));
  }

  private static Step messageQueues() {
    return mount("/dev/mqueue", "mqueue", List.of(), CAREFUL);
  }

  private static Step sharedMemory(long bytes) {
    return mount("/dev/shm", "tmpfs", List.of("mode=1777", "size=" + bytes), CAREFUL);
  }

  /** Whether what is mounted belongs to a user namespace other than the host's. */
  private static boolean userNamespace(Workload workload, Surroundings host) {
    return host.rootless() || !workload.namespaces().user().isHost();
  }

  private static boolean ownsProcesses(Workload workload) {
    return workload.namespaces().pid() instanceof dev.caisson.sandbox.workload.Namespaces.Own;
  }

  /** A prepared one was made by the engine, in the same user namespace as the engine is in. */
  private static boolean ownsNetwork(Workload workload) {
    return switch (workload.network().mode()) {
      case NetworkAttachment.Isolated _ -> true;
      case NetworkAttachment.Prepared _ -> workload.namespaces().user().isHost();
      case NetworkAttachment.OfSandbox _, NetworkAttachment.OfHost _ -> false;
    };
  }

  private static boolean ownsIpc(Workload workload) {
    return workload.namespaces().ipc() instanceof dev.caisson.sandbox.workload.Namespaces.Own;
  }

  private static void sharedMemory(Workload workload, Surroundings host, List<Step> steps) {
    if (host.sharedMemory().isPresent()) {
      steps.add(
          inside(
              "mount /dev/shm",
              new MountAction.Bind(
                  host.sharedMemory().get(),
                  true,
                  CAREFUL,
                  Set.of(),
                  Set.of(),
                  Propagation.PRIVATE,
                  Optional.empty(),
                  "/dev/shm")));
      return;
    }
    steps.add(sharedMemory(workload.mounts().sharedMemory()));
  }

  /** Shown for reading, so that programs find their limits: v2 as one tree, v1 as one each. */
  private static void groups(Cgroup group, Set<MountAttribute> attributes, List<Step> steps) {
    if (group.hierarchies().isEmpty()) {
      steps.add(mount("/sys/fs/cgroup", "cgroup2", List.of(), attributes));
      return;
    }
    steps.add(mount("/sys/fs/cgroup", "tmpfs", List.of("mode=755", "size=64k"), CAREFUL));
    Iterator<Path> directories = group.directories().iterator();
    for (String hierarchy : group.hierarchies()) {
      steps.add(group(directories.next(), "/sys/fs/cgroup/" + hierarchy, attributes));
    }
    if (attributes.contains(READ_ONLY)) {
      steps.add(
          inside(
              "close control groups",
              new MountAction.SetAttributes("/sys/fs/cgroup", Set.of(READ_ONLY), Set.of(), false)));
    }
  }

  /**
   * Its own group shown by a bind mount, which looks the same as a new mount in its cgroup
   * namespace does, but never waits for whoever moves processes between groups meanwhile.
   */
  private static Step group(Path directory, String target, Set<MountAttribute> attributes) {
    return inside(
        "mount " + target,
        new MountAction.Bind(
            Handle.path(directory.toString()),
            false,
            attributes,
            Set.of(),
            Set.of(),
            Propagation.PRIVATE,
            Optional.empty(),
            target));
  }

  private static Step mount(
      String target, String type, List<String> options, Set<MountAttribute> attributes) {
    return inside(
        "mount " + target,
        new MountAction.Mount(type, type, options, attributes, Propagation.PRIVATE, target));
  }

  private static Step bind(String path, Set<MountAttribute> attributes) {
    return inside(
        "mount " + path,
        new MountAction.Bind(
            Handle.path(path),
            true,
            Set.of(),
            Set.of(),
            attributes,
            Propagation.PRIVATE,
            Optional.empty(),
            path));
  }

  private static Step inside(String name, MountAction action) {
    return Step.inside(name, action);
  }
}
