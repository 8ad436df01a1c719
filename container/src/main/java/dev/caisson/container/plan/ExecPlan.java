/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Bytes;
import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles a further process of a running container into steps. Pure, as {@link ContainerPlan}. */
public final class ExecPlan {
  private static final int USUAL_UMASK = 022;

  /** The first descriptor to hand to the stub: the pidfd of the container's first process. */
  private static final int PROCESS = Handle.FIRST_DESCRIPTOR;

  /** The second one: a listening socket; a connection to it is the start signal. */
  private static final int STARTER = PROCESS + 1;

  private ExecPlan() {}

  /**
   * For a stub that is handed the pidfd of the container's first process and a listening socket, in
   * this order; a connection to the socket is the start signal.
   *
   * @param directory where its monitor works
   * @param filter the system calls it may make; empty for all
   */
  public static LaunchPlan compile(
      Workload workload,
      Executable.Command command,
      Identity identity,
      Optional<Cgroup> group,
      Path directory,
      Optional<Bytes> filter) {
    var steps = new ArrayList<Step>();
    outside(workload, command, group, directory, steps);
    steps.add(
        Step.inside("join namespaces", new NamespaceAction.JoinProcess(PROCESS, shared(workload))));
    if (command.terminal()) {
      steps.add(Step.inside("open terminal", new SupervisionAction.OpenTerminal(0, 0, false)));
    }
    Program program = workload.process();
    steps.add(
        Step.inside(
            "working directory",
            new ProcessAction.EnterDirectory(
                command.directory().orElse(program.directory()), false)));
    steps.add(
        Step.inside("umask", new ProcessAction.SetUmask(program.umask().orElse(USUAL_UMASK))));
    IdentitySteps.limit(program, steps);
    steps.add(Step.inside("await start", new SupervisionAction.AwaitStart(STARTER)));
    Security security = command.privileged() ? Security.PRIVILEGED : workload.security();
    IdentitySteps.confine(security, identity, false, filter, steps);
    steps.add(IdentitySteps.exec(command.arguments(), environment(workload, command, identity)));
    return new LaunchPlan(steps);
  }

  private static void outside(
      Workload workload,
      Executable.Command command,
      Optional<Cgroup> group,
      Path directory,
      List<Step> steps) {
    steps.add(
        Step.outside(
            "watch", new SupervisionAction.Watch(directory.toString(), Optional.empty(), "")));
    if (!command.terminal()) {
      steps.add(Step.outside("open streams", new SupervisionAction.OpenStreams(command.stdin())));
    }
    if (!(workload.namespaces().pid() instanceof Namespaces.OfHost)) {
      steps.add(
          Step.outside(
                  "join PID namespace",
                  new NamespaceAction.JoinProcess(PROCESS, Set.of(Namespace.PID)))
              .because("a PID namespace holds for children only"));
    }
    steps.add(
        Step.outside("create process", new NamespaceAction.Clone(Set.of(), Optional.empty())));
    group.ifPresent(joined ->
        steps.add(
            Step.outside(
                "join control groups",
                new NamespaceAction.JoinCgroups(
                    joined.procsFiles().stream().map(Path::toString).toList()))));
  }

  private static Set<Namespace> shared(Workload workload) {
    Set<Namespace> shared = EnumSet.of(Namespace.MOUNT);
    Namespaces namespaces = workload.namespaces();
    if (!namespaces.user().isHost()) {
      shared.add(Namespace.USER);
    }
    if (!(namespaces.ipc() instanceof Namespaces.OfHost)) {
      shared.add(Namespace.IPC);
    }
    if (!(namespaces.uts() instanceof Namespaces.OfHost)) {
      shared.add(Namespace.UTS);
    }
    if (!(namespaces.cgroup() instanceof Namespaces.OfHost)) {
      shared.add(Namespace.CGROUP);
    }
    if (!(workload.network().mode() instanceof NetworkAttachment.OfHost)) {
      shared.add(Namespace.NETWORK);
    }
    return shared;
  }

  private static List<String> environment(
      Workload workload, Executable.Command command, Identity identity) {
    Map<String, String> all = new LinkedHashMap<>(workload.process().environment());
    if (command.terminal()) {
      all.putIfAbsent("TERM", "xterm");
    }
    all.putAll(Program.checkEnvironment(command.environment()));
    if (!workload.hostname().isEmpty()) {
      all.putIfAbsent("HOSTNAME", workload.hostname());
    }
    all.putIfAbsent("HOME", identity.home());
    return all.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
  }
}
