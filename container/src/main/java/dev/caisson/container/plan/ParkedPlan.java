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

  private ParkedPlan() {}

  /** Which of the two kinds of process a container starts from. */
  public enum Kind {
    /** Joins a network namespace that exists. */
    CONNECTED,
    /** Has one of its own, with loopback alone. */
    ISOLATED
  }

  /** The kind that becomes this workload's process; empty if it must be made for it. */
  public static Optional<Kind> suitable(Workload workload) {
    if (!suits(workload)) {
      return Optional.empty();
    }
    boolean isolated = workload.network().mode() instanceof NetworkAttachment.Isolated;
    return Optional.of(isolated ? Kind.ISOLATED : Kind.CONNECTED);
  }

  /**
   * @param group exists already, and is removed by the stub if it was not needed
   */
  public static LaunchPlan compile(Cgroup group, Kind kind) {
    List<Step> steps = new ArrayList<>();
    Set<Namespace> created = EnumSet.copyOf(CREATED);
    if (kind == Kind.ISOLATED) {
      created.add(Namespace.NETWORK);
    }
    steps.add(Step.outside("create process", new NamespaceAction.Clone(created, Optional.empty())));
    steps.add(
        Step.outside(
            "join control groups", new NamespaceAction.JoinCgroups(paths(group.procsFiles()))));
    if (kind == Kind.ISOLATED) {
      steps.add(Step.inside("raise loopback", new NamespaceAction.RaiseLoopback()));
    }
    new PreparedTrees(group, kind == Kind.ISOLATED).build(steps);
    steps.add(
        Step.outside(
            "await plan",
            new SupervisionAction.AwaitPlan(Handle.FIRST_DESCRIPTOR, paths(group.directories()))));
    return new LaunchPlan(steps);
  }

  /** What is left of a container's steps when its process was parked. */
  static List<Step> without(List<Step> steps, Workload workload, Cgroup group) {
    boolean isolated = workload.network().mode() instanceof NetworkAttachment.Isolated;
    List<Step> left =
        isolated
            ? steps.stream()
                .filter(step -> !(step.action() instanceof NamespaceAction.RaiseLoopback))
                .toList()
            : steps;
    return new PreparedTrees(group, isolated).placedIn(left);
  }

  /**
   * Whether a workload can do without the host's mounts: nothing of the host is mounted in it but
   * single files, which can be handed over.
   */
  public static boolean canBeApart(Workload workload) {
    return suits(workload)
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

  private static boolean suits(Workload workload) {
    Namespaces wanted = workload.namespaces();
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
    if (workload.namespaces().cgroup() instanceof Namespaces.Own) {
      created.add(Namespace.CGROUP);
    }
    return Step.outside("take parked process", new NamespaceAction.TakeParked(created));
  }
}
