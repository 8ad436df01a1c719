/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Handle;
import dev.caisson.launch.IdMap;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.workload.LogPolicy;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.UserMapping;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The monitor, the new process, its namespaces, control group and limits. */
final class NamespaceSteps {
  private NamespaceSteps() {}

  static void add(Workload workload, Surroundings host, boolean parked, List<Step> steps) {
    if (parked) {
      streams(workload, steps);
      rank(workload, steps);
      steps.add(ParkedPlan.takeOver(workload, host));
      steps.add(watch(workload, host)); // while the process is at its first steps
    } else {
      steps.add(watch(workload, host));
      streams(workload, steps);
      if (host.joined().containsKey(Namespace.PID)) {
        steps.add(
            join(Namespace.PID, host, true).because("a PID namespace holds for children only"));
      }
      create(workload, host, steps);
      rank(workload, steps);
    }
    if (!parked && workload.namespaces().cgroup() instanceof Namespaces.Own) {
      steps.add(
          Step.inside("own cgroup view", new NamespaceAction.Unshare(Set.of(Namespace.CGROUP)))
              .because("its root is the group it has joined, and none above"));
    }
    for (Namespace kind : List.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS)) {
      if (host.joined().containsKey(kind)) {
        steps.add(join(kind, host, false));
      }
    }
  }

  private static void create(Workload workload, Surroundings host, List<Step> steps) {
    Set<Namespace> created = created(workload);
    Optional<Handle> birthplace =
        host.group().flatMap(Cgroup::birthplace).map(path -> Handle.path(path.toString()));
    steps.add(Step.outside("create process", new NamespaceAction.Clone(created, birthplace)));
    mapIds(workload.namespaces().user(), steps);
    if (birthplace.isEmpty()) {
      host.group().ifPresent(group -> joinGroups(group, steps));
    }
  }

  private static Step watch(Workload workload, Surroundings host) {
    LogPolicy policy = workload.log();
    Optional<SupervisionAction.Log> log =
        policy.files() == 0
            ? Optional.empty()
            : Optional.of(
                new SupervisionAction.Log(
                    host.place().state().resolve("log").toString(),
                    policy.fileBytes(),
                    policy.files()));
    String events = host.group().flatMap(Cgroup::memoryEvents).map(Path::toString).orElse("");
    return Step.outside(
        "watch", new SupervisionAction.Watch(host.place().run().toString(), log, events));
  }

  private static void streams(Workload workload, List<Step> steps) {
    if (!workload.process().terminal()) {
      steps.add(
          Step.outside(
              "open streams", new SupervisionAction.OpenStreams(workload.process().stdin())));
    }
  }

  private static Step join(Namespace kind, Surroundings host, boolean outside) {
    String name = "join " + kind.name().toLowerCase(Locale.ROOT);
    var action =
        new NamespaceAction.JoinNamespace(
            kind, java.util.Objects.requireNonNull(host.joined().get(kind)));
    return outside ? Step.outside(name, action) : Step.inside(name, action);
  }

  private static Set<Namespace> created(Workload workload) {
    Namespaces wanted = workload.namespaces();
    Set<Namespace> created = EnumSet.of(Namespace.MOUNT);
    addOwn(wanted.pid(), Namespace.PID, created);
    addOwn(wanted.ipc(), Namespace.IPC, created);
    addOwn(wanted.uts(), Namespace.UTS, created);
    if (workload.network().mode() instanceof NetworkAttachment.Isolated) {
      created.add(Namespace.NETWORK);
    }
    if (!wanted.user().isHost()) {
      created.add(Namespace.USER);
    }
    return created;
  }

  private static void addOwn(Namespaces.Mode mode, Namespace kind, Set<Namespace> created) {
    if (mode instanceof Namespaces.Own) {
      created.add(kind);
    }
  }

  private static void mapIds(UserMapping mapping, List<Step> steps) {
    if (mapping.isHost()) {
      return;
    }
    steps.add(
        Step.outside(
            "map users",
            new NamespaceAction.MapIds(
                maps(mapping.users()), maps(mapping.groups()), "", "", false)));
  }

  private static List<IdMap> maps(List<UserMapping.Range> ranges) {
    return ranges.stream()
        .map(range -> new IdMap(range.inside(), range.outside(), range.count()))
        .toList();
  }

  private static void joinGroups(Cgroup group, List<Step> steps) {
    steps.add(
        Step.outside(
            "join control groups",
            new NamespaceAction.JoinCgroups(
                group.procsFiles().stream().map(Path::toString).toList())));
  }

  private static void rank(Workload workload, List<Step> steps) {
    workload
        .process()
        .oomScoreAdjustment()
        .ifPresent(score ->
            steps.add(
                Step.outside(
                    "out-of-memory score", new ProcessAction.AdjustOutOfMemoryScore(score))));
  }
}
