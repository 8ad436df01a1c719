/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.process.ProcessFd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A further process of a running container: what {@code exec} does. */
record FurtherProcess(ContainerState state, JsonNode process) {
  /**
   * How it is watched.
   *
   * @param console where a terminal's master goes
   * @param detach whether not to wait for its end
   */
  record Manner(Optional<Path> pidFile, Optional<String> console, boolean detach) {}

  /** Runs it; answers its exit code, or 0 at once when detached. */
  int run(Manner manner) {
    LaunchPlan plan = plan(manner);
    try (var first = ProcessFd.open(state.pid());
        Launch launch = StubStart.start(plan, List.of(first.fd()))) {
      int pid = StubStart.pid(launch);
      manner.pidFile().ifPresent(file -> Lifecycle.write(file, Integer.toString(pid)));
      return manner.detach()
          ? 0
          : launch.next().map(report -> ((Report.Exited) report).code()).orElse(1);
    }
  }

  private LaunchPlan plan(Manner manner) {
    var wanted = new ConfigProcess(process, state.config().path("linux").path("seccomp"));
    var steps = new ArrayList<Step>();
    if (!manner.detach()) {
      steps.add(Step.outside("wait for the end", new SupervisionAction.AwaitExit()));
    }
    manner
        .console()
        .ifPresent(
            path -> steps.add(Step.outside("console", new SupervisionAction.ConsoleSocket(path))));
    steps.add(Step.outside("new process", new NamespaceAction.Clone(Set.of(), Optional.empty())));
    ConfigCgroup.of(state.id(), state.config())
        .ifPresent(group ->
            steps.add(
                Step.outside(
                    "control groups",
                    new NamespaceAction.JoinCgroups(
                        group.procsFiles().stream().map(Path::toString).toList()))));
    steps.addAll(wanted.outside());
    Set<Namespace> joined = EnumSet.noneOf(Namespace.class);
    state
        .config()
        .path("linux")
        .path("namespaces")
        .forEach(node -> joined.add(ConfigPlan.kind(Document.text(node, "type"))));
    steps.add(
        Step.inside(
            "join the container",
            new NamespaceAction.JoinProcess(Handle.FIRST_DESCRIPTOR, joined)));
    steps.add(Step.inside("be inside", new NamespaceAction.Renew()));
    if (wanted.terminal()) {
      steps.add(
          Step.inside(
              "terminal",
              new SupervisionAction.OpenTerminal(wanted.columns(), wanted.rows(), false)));
    }
    steps.addAll(wanted.inside());
    return new LaunchPlan(steps);
  }
}
