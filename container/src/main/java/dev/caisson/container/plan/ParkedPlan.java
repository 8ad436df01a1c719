/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What every common container's start begins with, done before anybody asks for one.
 *
 * <p>No mount namespace is among it: that is a copy of the host's mounts, and must be of those at
 * the time of the start.
 */
public final class ParkedPlan {
  private static final Set<Namespace> CREATED = Set.of(Namespace.PID, Namespace.IPC, Namespace.UTS);

  private ParkedPlan() {}

  /**
   * @param group exists already, and is removed by the stub if it was not needed
   */
  public static LaunchPlan compile(Cgroup group) {
    return LaunchPlan.of(
        Step.outside("create process", new NamespaceAction.Clone(CREATED, Optional.empty())),
        Step.outside(
            "join control groups", new NamespaceAction.JoinCgroups(paths(group.procsFiles()))),
        Step.outside(
            "await plan",
            new SupervisionAction.AwaitPlan(Handle.FIRST_DESCRIPTOR, paths(group.directories()))));
  }

  private static List<String> paths(List<Path> paths) {
    return paths.stream().map(Path::toString).toList();
  }

  /** Whether a workload's process may be one that was parked. */
  public static boolean suits(Workload workload) {
    Namespaces wanted = workload.namespaces();
    return wanted.pid() instanceof Namespaces.Own
        && wanted.ipc() instanceof Namespaces.Own
        && wanted.uts() instanceof Namespaces.Own
        && wanted.user().isHost()
        && !wanted.time();
  }

  /** What a parked process still needs. Its control group is its own already. */
  static Step takeOver(Workload workload) {
    Set<Namespace> created = EnumSet.of(Namespace.MOUNT);
    if (workload.network().mode() instanceof NetworkAttachment.Isolated) {
      created.add(Namespace.NETWORK);
    }
    if (workload.namespaces().cgroup() instanceof Namespaces.Own) {
      created.add(Namespace.CGROUP);
    }
    return Step.outside("take parked process", new NamespaceAction.TakeParked(created));
  }
}
