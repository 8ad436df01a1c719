/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.PlanEncoder;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.mount.DetachedMount;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A launch in two parts: the process ahead of need, the plan later. */
@Tag("integration")
@Timeout(60)
class ParkedTest {
  private static final Set<Namespace> EARLY = EnumSet.of(Namespace.PID, Namespace.IPC);
  private static final Set<Namespace> LATE =
      EnumSet.of(Namespace.MOUNT, Namespace.UTS, Namespace.NETWORK);

  @TempDir Path temporary;
  private TestRoot root;
  private UnixSocket ours;

  @BeforeEach
  void makeRoot() {
    root = new TestRoot(temporary);
  }

  private Launch park(Fd output, Path... leftovers) {
    return park(output, List.of(), leftovers);
  }

  private Launch park(Fd output, List<Step> inside, Path... leftovers) {
    List<UnixSocket> ends = UnixSocket.pair(SocketKind.STREAM);
    ours = ends.getFirst();
    List<String> directories = List.of(leftovers).stream().map(Path::toString).toList();
    var steps = new ArrayList<Step>();
    steps.add(Step.outside("new process", new NamespaceAction.Clone(EARLY, Optional.empty())));
    steps.addAll(inside);
    steps.add(
        Step.outside(
            "wait", new SupervisionAction.AwaitPlan(Handle.FIRST_DESCRIPTOR, directories)));
    try (UnixSocket theirs = ends.getLast()) {
      Launch launch = Runner.start(new LaunchPlan(steps), output, theirs.fd());
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Created.class);
      return launch;
    }
  }

  /** The recipe's plan, with the parked process in place of a new one. */
  private static LaunchPlan later(TestRoot.Recipe recipe) {
    return new LaunchPlan(
        recipe.plan().steps().stream()
            .map(step ->
                step.action() instanceof NamespaceAction.Clone
                    ? Step.outside("take over", new NamespaceAction.TakeParked(LATE))
                    : step)
            .toList());
  }

  private void send(LaunchPlan plan, Fd... passed) {
    byte[] encoded = PlanEncoder.encode(plan);
    ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    ours.sendFully(head.putInt(encoded.length).putInt(passed.length).array(), passed);
    ours.sendFully(encoded);
    ours.close();
  }

  @Test
  void carriesOutThePlanThatComesLater() throws IOException {
    try (Fd output = Memfd.create("output");
        Launch launch = park(output)) {
      send(later(root.run("sh", "-c", "echo $$; exit 7").awaitExit()));
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Running.class);
      assertThat(((Report.Exited) launch.next().orElseThrow()).code()).isEqualTo(7);
      assertThat(Files.readString(output.path())).isEqualTo("1\n");
    }
  }

  @Test
  void filesThatComeWithThePlanHaveTheirNumbers() throws IOException {
    try (Fd output = Memfd.create("output");
        Fd first = Memfd.create("first");
        Fd second = Memfd.create("second");
        Launch launch = park(output)) {
      var recipe =
          root.run("sh", "-c", "for f in 3 4 5 6 7 8; do [ -e /proc/self/fd/$f ] && echo $f; done");
      recipe.beforePivot(
          "bind",
          new MountAction.Bind(
              Handle.descriptor(6),
              false,
              Set.of(),
              Set.of(),
              Set.of(),
              dev.caisson.launch.Propagation.PRIVATE,
              Optional.empty(),
              "/stage/file"));
      send(later(recipe.awaitExit()), first, second);
      // A memfd has no place among the mounts: EINVAL shows that the number was right, not EBADF.
      assertThat(((Report.Failed) launch.next().orElseThrow()).errno()).isEqualTo(22);
    }
  }

  @Test
  void streamsAndLogAreThoseOfThePlan() throws IOException {
    Path instance = Files.createDirectory(temporary.resolve("instance"));
    Path log = temporary.resolve("log.json");
    try (Fd output = Memfd.create("output");
        Launch launch = park(output)) {
      send(later(root.run("sh", "-c", "echo out; echo err >&2").watch(instance, false, log)));
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Running.class);
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Exited.class);
      launch.process().await();
      assertThat(Files.readString(log)).contains("\"log\":\"out\\n\"").contains("err\\n");
      assertThat(output.path()).isEmptyFile();
    }
  }

  @Test
  void namesTheFailingStepOfTheLaterPlan() {
    try (Fd output = Memfd.create("output");
        Launch launch = park(output)) {
      var plan = later(root.run("no-such-program"));
      send(plan);
      var failed = (Report.Failed) launch.next().orElseThrow();
      assertThat(plan.steps().get(failed.step()).name()).isEqualTo("run");
      assertThat(failed.errno()).isEqualTo(2);
    }
  }

  private static Step mount(String type, String target) {
    return Step.inside(
        "mount " + target,
        new MountAction.Mount(
            type, type, List.of(), Set.of(), dev.caisson.launch.Propagation.PRIVATE, target));
  }

  private static List<Step> trees() {
    return List.of(
        Step.inside("build", new MountAction.BuildTrees()),
        mount("tmpfs", "/kept"),
        mount("tmpfs", "/kept/inner"),
        Step.inside("link", new FileAction.MakeLink("/kept/inner/link", "target")),
        mount("tmpfs", "/forgotten"),
        Step.inside("keep", new MountAction.KeepTrees(List.of("/kept"))));
  }

  @Test
  void mountsBuiltBeforeArePlacedInTheRootThatComesLater() throws IOException {
    try (Fd output = Memfd.create("output");
        Launch launch = park(output, trees())) {
      var recipe =
          root.run("sh", "-c", "readlink /stage/tree/inner/link; grep -c /stage/tree /proc/mounts");
      recipe.beforePivot("place", new MountAction.PlaceTree(0, "/stage/tree"));
      send(later(recipe.awaitExit()));
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Running.class);
      assertThat(((Report.Exited) launch.next().orElseThrow()).code()).isZero();
      assertThat(Files.readString(output.path())).isEqualTo("target\n2\n");
    }
  }

  /** The recipe's plan for a process that stays where its trees are, with a root handed over. */
  private static LaunchPlan apart(TestRoot.Recipe recipe, Step... more) {
    var steps = new ArrayList<Step>();
    for (Step step : recipe.plan().steps()) {
      switch (step.action()) {
        case NamespaceAction.Clone _ -> {
          var created = EnumSet.of(Namespace.UTS, Namespace.NETWORK);
          steps.add(Step.outside("take over", new NamespaceAction.TakeParked(created)));
        }
        case MountAction.SetPropagation _ -> {}
        case MountAction.BindRoot _ -> {
          steps.add(Step.inside("root", new MountAction.AttachRoot(Handle.descriptor(5), "/")));
          steps.addAll(List.of(more));
        }
        case MountAction.PivotRoot _ ->
            steps.add(Step.inside("enter", new MountAction.EnterRoot()));
        default -> steps.add(step);
      }
    }
    return new LaunchPlan(steps);
  }

  @Test
  void aProcessThatStaysWithItsTreesSeesNothingOfTheHost() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "handed over\n");
    try (Fd output = Memfd.create("output");
        var top = DetachedMount.clone(root.path, false);
        var handed = DetachedMount.clone(file, false);
        Launch launch = park(output, trees())) {
      var recipe =
          root.run(
              "sh",
              "-c",
              "cat /stage/file; readlink /stage/tree/inner/link; cat /proc/self/mountinfo");
      var plan =
          apart(
              recipe.awaitExit(),
              Step.inside("place", new MountAction.PlaceTree(0, "/stage/tree")),
              Step.inside("file", new MountAction.PlaceMount(Handle.descriptor(6), "/stage/file")));
      send(plan, top.fd(), handed.fd());
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Running.class);
      assertThat(((Report.Exited) launch.next().orElseThrow()).code()).isZero();
      List<String> lines = Files.readAllLines(output.path());
      assertThat(lines).startsWith("handed over", "target");
      assertThat(lines.stream().skip(2).map(line -> line.split(" ")[4]))
          .containsExactlyInAnyOrder(
              "/", "/proc", "/dev", "/dev/pts", "/stage/tree", "/stage/tree/inner", "/stage/file");
    }
  }

  @Test
  void aTreeIsPlacedOnceAndOnlyIfItWasKept() {
    for (int number : new int[] {1, -1}) {
      try (Fd output = Memfd.create("output");
          Launch launch = park(output, trees())) {
        var recipe = root.run("true");
        recipe.beforePivot("place", new MountAction.PlaceTree(number, "/stage/tree"));
        send(later(recipe));
        assertThat(((Report.Failed) launch.next().orElseThrow()).errno()).isEqualTo(22);
      }
    }
  }

  @Test
  void theHostSeesNothingOfWhatIsBuilt() throws IOException {
    String before = Files.readString(Path.of("/proc/self/mountinfo"));
    try (Fd output = Memfd.create("output");
        Launch launch = park(output, trees())) {
      assertThat(Files.readString(Path.of("/proc/self/mountinfo")).lines().toList())
          .filteredOn(line -> !before.contains(line))
          .noneMatch(line -> line.contains("/kept") || line.contains(" /proc "));
      ours.close();
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Failed.class);
      launch.process().await();
    }
  }

  @Test
  void leavesNothingWhenNobodyNeedsIt() throws IOException {
    Path group = Files.createDirectory(temporary.resolve("group"));
    try (Fd output = Memfd.create("output");
        Launch launch = park(output, group)) {
      ours.close();
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Failed.class);
      launch.process().await();
      assertThat(group).doesNotExist();
    }
  }
}
