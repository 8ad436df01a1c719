/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Creating, joining and configuring namespaces and the control group. */
public sealed interface NamespaceAction extends Action {

  /**
   * Creates the new process; later INSIDE steps run in it. clone3(2)
   *
   * @param created namespaces it gets of its own
   * @param cgroup a cgroup v2 directory to be born in
   */
  record Clone(Set<Namespace> created, Optional<Handle> cgroup) implements NamespaceAction {
    public Clone {
      created = Set.copyOf(created);
    }
  }

  /**
   * Takes over the process that a parked plan cloned, in place of {@link Clone}: it gets the files
   * and streams of this plan. OUTSIDE. docs/launch-plan.md, "Parked launches"
   *
   * @param created namespaces it gets of its own besides those it was cloned into
   */
  record TakeParked(Set<Namespace> created) implements NamespaceAction {
    public TakeParked {
      created = Set.copyOf(created);
    }
  }

  /**
   * Gives the acting process new namespaces. PID and TIME take effect for its children, TIME also
   * on exec (Linux 6.3). unshare(2)
   */
  record Unshare(Set<Namespace> created) implements NamespaceAction {
    public Unshare {
      created = Set.copyOf(created);
    }
  }

  /** Joins the namespace that a file such as /proc/PID/ns/net stands for. setns(2) */
  record JoinNamespace(Namespace kind, Handle namespace) implements NamespaceAction {}

  /**
   * Joins several namespaces of one process in a single call. setns(2) on a pidfd, Linux 5.8
   *
   * @param process a pidfd
   */
  record JoinProcess(int process, Set<Namespace> joined) implements NamespaceAction {
    public JoinProcess {
      joined = Set.copyOf(joined);
    }
  }

  /**
   * Continues in a new process, a child of the launcher; the old one ends. Needed after INSIDE
   * joined a PID namespace, which holds for children only.
   */
  record Renew() implements NamespaceAction {}

  /**
   * Fills the id maps of the new process's user namespace. OUTSIDE only.
   *
   * @param userTool path of newuidmap, or empty to write the map directly
   * @param groupTool path of newgidmap, or empty to write the map directly
   * @param denySetgroups what an unprivileged direct writer of the group map must do first
   */
  record MapIds(
      List<IdMap> users,
      List<IdMap> groups,
      String userTool,
      String groupTool,
      boolean denySetgroups)
      implements NamespaceAction {
    public MapIds {
      users = List.copyOf(users);
      groups = List.copyOf(groups);
    }
  }

  /**
   * Offsets of the clocks of the time namespace made by {@link Unshare}. time_namespaces(7)
   *
   * @param monotonicNanos added to CLOCK_MONOTONIC
   * @param boottimeNanos added to CLOCK_BOOTTIME
   */
  record OffsetClocks(long monotonicNanos, long boottimeNanos) implements NamespaceAction {}

  /**
   * Writes the new process's id into cgroup.procs files: one on v2, one a hierarchy on v1. OUTSIDE:
   * the child; INSIDE: itself.
   *
   * @param procsFiles absolute paths
   */
  record JoinCgroups(List<String> procsFiles) implements NamespaceAction {
    public JoinCgroups {
      procsFiles = List.copyOf(procsFiles);
    }
  }

  /** Sets the host name of the UTS namespace. sethostname(2) */
  record SetHostname(String name) implements NamespaceAction {}

  /** Sets the NIS domain name of the UTS namespace. setdomainname(2) */
  record SetDomainname(String name) implements NamespaceAction {}

  /** Brings up the loopback interface of the network namespace. netdevice(7) */
  record RaiseLoopback() implements NamespaceAction {}
}
