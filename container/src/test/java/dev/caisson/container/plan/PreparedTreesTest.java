/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.launch.Bytes;
import dev.caisson.launch.Handle;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.Step;
import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which parts of a start are left out because a parked process has them. */
class PreparedTreesTest {
  private static final RootFilesystem ROOT =
      new RootFilesystem.Layers(
          List.of(new RootFilesystem.Layer("one", Path.of("/layers/one"))), 0, false);

  private Cgroup group;

  @BeforeEach
  void describeGroup() {
    Optional<Cgroup> described = Cgroups.ofHost().parked("never-made");
    Assumptions.assumeTrue(described.isPresent(), "this host has no control groups");
    group = described.get();
  }

  private static Cgroup unified() {
    var layout = new CgroupLayout(Map.of(), Optional.of(Path.of("/sys/fs/cgroup")));
    return Cgroups.of(layout).parked("never-made").orElseThrow();
  }

  private static Workload.Builder workload() {
    return Workload.builder("web", ROOT);
  }

  private static Workload.Builder connected() {
    return workload().network(NetworkAttachment.prepared(Path.of("/run/net/web")));
  }

  private List<String> left(Workload workload) {
    var sources = new HashMap<Mount, Handle>();
    workload.mounts().mounts().forEach(mount -> sources.put(mount, Handle.path("/source")));
    var surroundings =
        new Surroundings(
            new Place(Path.of("/state"), Path.of("/run/web")),
            Optional.of(group),
            Map.of(),
            sources,
            Optional.empty(),
            List.of(),
            Identity.ROOT,
            Optional.empty(),
            Optional.empty(),
            Optional.of(Bytes.of(new byte[8])),
            false,
            false);
    return ContainerPlan.compile(workload, surroundings, true).steps().stream()
        .map(Step::name)
        .toList();
  }

  @Test
  void anIsolatedContainerFindsAllOfThemReady() {
    assertThat(left(workload().build()))
        .containsSubsequence("mount root", "place /proc", "place /dev", "place /sys", "host name")
        .noneMatch(name -> name.startsWith("device ") || name.startsWith("link "))
        .doesNotContain("mount /proc", "mount /dev", "mount /dev/shm", "mount /sys")
        .doesNotContain("freeze paths", "mask paths", "raise loopback", "close control groups");
  }

  @Test
  void inAGroupOfTheSecondVersionTheyAreReadyToo() {
    group = unified();
    assertThat(left(workload().build()))
        .containsSubsequence("mount root", "place /proc", "place /dev", "place /sys", "host name")
        .doesNotContain("mount /proc", "mount /dev", "mount /sys", "mount /sys/fs/cgroup");
    assertThat(left(connected().build()))
        .containsSubsequence("mount /sys", "place /sys/fs/cgroup")
        .doesNotContain("mount /sys/fs/cgroup");
  }

  @Test
  void whoIsParkedInAGroupOfTheSecondVersionIsBornThereAndSeesNoOther() {
    var plan = ParkedPlan.compile(unified(), ParkedPlan.Kind.ISOLATED, Ground.ROOT);
    assertThat(plan.steps().stream().map(Step::name))
        .containsSubsequence("create process", "own cgroup view", "build trees")
        .doesNotContain("join control groups");
    var create = (NamespaceAction.Clone) plan.steps().getFirst().action();
    assertThat(create.cgroup()).isPresent();
  }

  @Test
  void whatTheNetworkShowsInSysIsMountedWhereTheNetworkIs() {
    assertThat(left(connected().build()))
        .containsSubsequence(
            "place /proc", "place /dev", "mount /sys", "place /sys/fs/cgroup", "mask paths")
        .doesNotContain("mount /sys/fs/cgroup", "freeze paths");
  }

  @Test
  void anotherSizeOfSharedMemoryMakesItsOwnDevices() {
    assertThat(left(connected().mounts(new Mounts(List.of(), 1 << 20)).build()))
        .contains("place /proc", "mount /dev", "mount /dev/shm", "device null", "link /dev/fd")
        .doesNotContain("place /dev");
  }

  @Test
  void otherMasksMakeTheirOwnProcesses() {
    Security security = Security.DEFAULT;
    var fewer =
        new Security(
            security.capabilities(),
            false,
            false,
            security.syscalls(),
            "",
            "",
            List.of("/proc/keys"),
            security.readOnlyPaths(),
            false);
    assertThat(left(connected().security(fewer).build()))
        .contains("mount /proc", "mask paths", "freeze paths", "place /dev")
        .doesNotContain("place /proc");
  }

  @Test
  void whatTheUserMountsBelowOneComesAfterIt() {
    Mount mount = Mount.Bind.of(Path.of("/source"), "/dev/extra");
    assertThat(left(connected().mounts(Mounts.of(mount)).build()))
        .containsSubsequence("place /dev", "mount /dev/extra");
  }

  @Test
  void whatTheUserMountsBetweenItsStepsUndoesOne() {
    Mount mount = Mount.Bind.of(Path.of("/source"), "/proc/sys");
    assertThat(left(connected().mounts(Mounts.of(mount)).build()))
        .containsSubsequence("mount /proc", "mount /proc/sys", "freeze paths")
        .doesNotContain("place /proc");
  }

  @Test
  void kernelSettingsAreWrittenBeforeTheyAreFrozen() {
    assertThat(left(connected().sysctls(Map.of("kernel.msgmax", "9000")).build()))
        .containsSubsequence("mount /proc", "kernel settings", "freeze paths")
        .contains("place /dev")
        .doesNotContain("place /proc");
  }

  @Test
  void aPrivilegedContainerKeepsWhatIsReadOnlyInOthers() {
    assertThat(left(connected().security(Security.PRIVILEGED).build()))
        .contains("mount /proc", "mount /sys", "mount /sys/fs/cgroup", "place /dev");
  }
}
