/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What every common container's start begins with, done before anybody asks for one.
 *
 * <p>No mount namespace is among it: that is a copy of the host's mounts, and must be of those at
 * the time of the start. The mounts that are the same in all containers are kept apart from any.
 */
public final class ParkedPlan {
  private static final Set<Namespace> CREATED = Set.of(Namespace.PID, Namespace.IPC, Namespace.UTS);
  private static final String OWN_GROUPS = "own cgroup view";

  private ParkedPlan() {}

  /** Which of the two kinds of process a container starts from. */
  public enum Kind {
    /** Joins a network namespace that exists. */
    CONNECTED,
    /** Has one of its own, with loopback alone. */
    ISOLATED
  }

  /**
   * The kind that becomes this workload's process; empty if it must be made for it.
   *
   * @param group the workload's
   */
  public static Optional<Kind> suitable(Workload workload, Cgroup group) {
    return suits(workload.namespaces(), group)
        ? Optional.of(kind(workload.network().mode() instanceof NetworkAttachment.Isolated))
        : Optional.empty();
  }

  /**
   * As {@link #suitable(Workload, Cgroup)}, of a workload that is to come.
   *
   * @param example a group such as it will have
   */
  public static Optional<Kind> suitable(Outline outline, Cgroup example) {
    return suits(outline.namespaces(), example) && outline.cgroupParent().isEmpty()
        ? Optional.of(kind(outline.isolated()))
        : Optional.empty();
  }

  private static Kind kind(boolean isolated) {
    return isolated ? Kind.ISOLATED : Kind.CONNECTED;
  }

  /**
   * The plan of a process that is parked.
   *
   * @param group exists already, and is removed by the stub if it was not needed
   */
  public static LaunchPlan compile(Cgroup group, Kind kind, Ground ground) {
    List<Step> steps = new ArrayList<>();
    Set<Namespace> created = EnumSet.copyOf(CREATED);
    if (kind == Kind.ISOLATED) {
      created.add(Namespace.NETWORK);
    }
    Optional<Handle> birthplace = group.birthplace().map(path -> Handle.path(path.toString()));
    steps.add(Step.outside("create process", new NamespaceAction.Clone(created, birthplace)));
    if (bornThere(group)) {
      // What is mounted now shows the group of whoever mounts it, so the view is made before.
      steps.add(Step.inside(OWN_GROUPS, new NamespaceAction.Unshare(Set.of(Namespace.CGROUP))));
    } else {
      steps.add(
          Step.outside(
              "join control groups", new NamespaceAction.JoinCgroups(paths(group.procsFiles()))));
    }
    if (kind == Kind.ISOLATED) {
      steps.add(Step.inside("raise loopback", new NamespaceAction.RaiseLoopback()));
    }
    new PreparedTrees(group, kind == Kind.ISOLATED, ground).build(steps);
    steps.add(
        Step.outside(
            "await plan",
            new SupervisionAction.AwaitPlan(Handle.FIRST_DESCRIPTOR, paths(group.directories()))));
    return new LaunchPlan(steps);
  }

  /** What is left of a container's steps when its process was parked. */
  static List<Step> without(List<Step> steps, Workload workload, Surroundings host) {
    boolean isolated = workload.network().mode() instanceof NetworkAttachment.Isolated;
    List<Step> left =
        isolated
            ? steps.stream()
                .filter(step -> !(step.action() instanceof NamespaceAction.RaiseLoopback))
                .toList()
            : steps;
    var ground = new Ground(host.rootless(), host.singleId());
    return new PreparedTrees(host.group().orElseThrow(), isolated, ground).placedIn(left);
  }

  /**
   * Whether a workload can do without the host's mounts: nothing of the host is mounted in it but
   * single files, which can be handed over.
   */
  public static boolean canBeApart(Workload workload) {
    return suits(workload.namespaces())
        && workload.root() instanceof RootFilesystem.Layers
        && workload.mounts().mounts().stream().allMatch(Mount.Tmpfs.class::isInstance);
  }

  /** Whether nothing of what was built stays behind below the new root. */
  static boolean placesAll(List<Step> steps) {
    return steps.stream().filter(step -> step.action() instanceof MountAction.PlaceTree).count()
        == PreparedTrees.COUNT;
  }

  private static List<String> paths(List<Path> paths) {
    return paths.stream().map(Path::toString).toList();
  }

  /** Whether a process is in its container's group, and no other, from its beginning. */
  private static boolean bornThere(Cgroup group) {
    return group.birthplace().isPresent();
  }

  private static boolean suits(Namespaces wanted, Cgroup group) {
    boolean view = !bornThere(group) || wanted.cgroup() instanceof Namespaces.Own;
    return view && suits(wanted);
  }

  private static boolean suits(Namespaces wanted) {
    return wanted.pid() instanceof Namespaces.Own
        && wanted.ipc() instanceof Namespaces.Own
        && wanted.uts() instanceof Namespaces.Own
        && wanted.user().isHost()
        && !wanted.time();
  }

  /** What a parked process still needs. Its control group is its own already. */
  static Step takeOver(Workload workload, Surroundings host) {
    Set<Namespace> created = EnumSet.noneOf(Namespace.class);
    if (host.apart().isEmpty()) {
      created.add(Namespace.MOUNT);
    }
    boolean ownGroups = workload.namespaces().cgroup() instanceof Namespaces.Own;
    if (ownGroups && !host.group().map(ParkedPlan::bornThere).orElse(false)) {
      created.add(Namespace.CGROUP);
    }
    return Step.outside("take parked process", new NamespaceAction.TakeParked(created));
  }
}
