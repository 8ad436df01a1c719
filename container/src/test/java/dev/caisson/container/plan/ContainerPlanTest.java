/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.launch.Bytes;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanDecoder;
import dev.caisson.launch.PlanEncoder;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.ResourceLimit;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContainerPlanTest {
  private static final RootFilesystem ROOT =
      new RootFilesystem.Layers(
          List.of(new RootFilesystem.Layer("one", Path.of("/layers/one"))), 0, false);

  private static Workload.Builder workload() {
    return Workload.builder("web", ROOT);
  }

  private static List<String> names(Workload workload) {
    return compile(workload).steps().stream().map(Step::name).toList();
  }

  private static LaunchPlan compile(Workload workload) {
    return ContainerPlan.compile(
        workload,
        new Surroundings(
            new Place(Path.of("/state"), Path.of("/run/web")),
            Optional.empty(),
            Map.of(),
            Map.of(),
            Optional.empty(),
            List.of(),
            Identity.ROOT,
            Optional.empty(),
            Optional.empty(),
            Optional.of(Bytes.of(new byte[8])),
            false,
            false));
  }

  @Test
  void aPlainStartIsTheseSteps() {
    assertThat(names(workload().build()))
        .containsExactly(
            "watch",
            "open streams",
            "create process",
            "own cgroup view",
            "stop echoes",
            "mount root",
            "mount /proc",
            "mount /dev",
            "mount /dev/pts",
            "mount /dev/shm",
            "mount /dev/mqueue",
            "mount /sys",
            "device null",
            "device zero",
            "device full",
            "device random",
            "device urandom",
            "device tty",
            "link /dev/fd",
            "link /dev/stdin",
            "link /dev/stdout",
            "link /dev/stderr",
            "link /dev/core",
            "link /dev/ptmx",
            "host name",
            "raise loopback",
            "switch root",
            "freeze paths",
            "mask paths",
            "working directory",
            "umask",
            "limit capabilities",
            "filter system calls",
            "switch user",
            "hold capabilities",
            "execute");
  }

  @Test
  void withoutNewPrivilegesTheFilterComesLast() {
    List<String> names =
        names(workload().security(Security.DEFAULT.withNoNewPrivileges(true)).build());
    assertThat(names).endsWith("no new privileges", "filter system calls", "execute");
  }

  /** They are set from outside, on the first process, and are for its child too. */
  @Test
  void limitsComeBeforeTheFirstProcessIsOurs() {
    var program =
        Program.of("true").init(true).limits(List.of(new ResourceLimit("nofile", 20, 30))).build();
    assertThat(names(workload().process(program).build()))
        .containsSubsequence("limit resources", "become init", "execute");
  }

  @Test
  void thePlanSurvivesItsEncoding() {
    LaunchPlan plan = compile(workload().build());
    assertThat(PlanDecoder.decode(PlanEncoder.encode(plan)).steps()).hasSameSizeAs(plan.steps());
  }
}
