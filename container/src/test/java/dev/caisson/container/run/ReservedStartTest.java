/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts on cgroup v2, on any host that mounts it, from processes whose group bears an id. */
@Tag("integration")
@Timeout(180)
class ReservedStartTest {
  private static final Duration LONGEST = Duration.ofSeconds(120);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Outline ISOLATED = new Outline(Namespaces.PRIVATE, true, "");
  private static final int MOST = 16;

  @TempDir private Path folder;
  private Path groups;
  private Cgroups cgroups;
  private RootFilesystem root;
  private final List<Container> containers = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    Path unified = CgroupLayout.ofThisHost().unified().orElse(null);
    Assumptions.assumeTrue(
        unified != null && Files.isWritable(unified.resolve("cgroup.procs")),
        "no writable cgroup v2 hierarchy");
    Assumptions.assumeTrue(Files.exists(Path.of("/bin/busybox")), "no static busybox");
    groups = unified.resolve("caisson");
    cgroups = Cgroups.of(new CgroupLayout(Map.of(), Optional.of(unified)));
    Path layer = Files.createDirectories(folder.resolve("layer"));
    for (String name : List.of("bin", "etc", "proc", "sys", "dev")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), layer.resolve("bin/busybox"));
    Files.createSymbolicLink(layer.resolve("bin/sh"), Path.of("busybox"));
    root =
        new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("l", layer)), 0, false, false);
  }

  @AfterEach
  void close() {
    containers.forEach(Container::delete);
  }

  private static String id() {
    byte[] random = new byte[32];
    ThreadLocalRandom.current().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  private static void await(String what, BooleanSupplier holds) throws InterruptedException {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** Asks until one is ready: they are made by a thread of their own. */
  private static String reserved(ContainerHost host) throws InterruptedException {
    var found = new ArrayList<String>();
    await(
        "an id is ready",
        () -> {
          host.readyId(ISOLATED, ReservedStartTest::id).ifPresent(found::add);
          return !found.isEmpty();
        });
    return found.getFirst();
  }

  private Container started(ContainerHost host, Workload.Builder workload) throws IOException {
    Workload built = workload.build();
    Path place = Files.createDirectories(folder.resolve(built.id()));
    Container container =
        Container.create(
            host,
            Optional.of(new ReadyRoots(folder.resolve("aside"))),
            built,
            new Place(place.resolve("s"), Files.createDirectories(place.resolve("r"))));
    containers.add(container);
    container.start();
    return container;
  }

  private Workload.Builder workload(String id, String script) {
    return Workload.builder(id, root).process(Program.of("sh", "-c", script).build());
  }

  private List<Integer> parked(String id) throws IOException {
    return Files.readAllLines(groups.resolve(id).resolve("cgroup.procs")).stream()
        .map(Integer::valueOf)
        .toList();
  }

  private static Exit end(Container container) {
    return container.exit().orTimeout(LONGEST.toSeconds(), TimeUnit.SECONDS).join();
  }

  @Test
  void theProcessThatWasParkedBecomesTheContainers() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    String id = reserved(host);
    List<Integer> parked = parked(id);
    Container container = started(host, workload(id, "read x < /dev/zero"));
    assertThat(parked).containsExactly(container.pid().orElseThrow());
    assertThat(container.pids()).isEqualTo(parked);
    container.signal(9);
    assertThat(end(container).code()).isEqualTo(137);
    await("its group goes with it", () -> Files.notExists(groups.resolve(id)));
  }

  @Test
  void itSeesItsOwnGroupAsTheTopmost() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    String script =
        "read group < /proc/self/cgroup && case $(busybox tail -n 1 /proc/self/cgroup) in"
            + " 0::/) ;; *) exit 3;; esac; read pid < /sys/fs/cgroup/cgroup.procs; [ $pid = 1 ]";
    assertThat(end(started(host, workload(reserved(host), script))).code()).isZero();
  }

  @Test
  void aStoppedContainerIsStartedAgainTheOrdinaryWay() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    String id = reserved(host);
    Container first = started(host, workload(id, "exit 5"));
    assertThat(end(first).code()).isEqualTo(5);
    assertThat(end(started(host, workload(id, "exit 6"))).code()).isEqualTo(6);
  }

  @Test
  void whatNeedsAnotherProcessIsGivenOne() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    String id = reserved(host);
    List<Integer> parked = parked(id);
    Namespaces usual = Namespaces.PRIVATE;
    var shared =
        new Namespaces(
            Namespaces.Mode.HOST, usual.ipc(), usual.uts(), usual.cgroup(), usual.user(), false);
    Container container = started(host, workload(id, "read x < /dev/zero").namespaces(shared));
    assertThat(container.pids()).hasSize(1).doesNotContainAnyElementsOf(parked);
    container.signal(9);
    end(container);
  }

  @Test
  void whoIsNotStartedSoonIsForgottenAndStartsLater() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), Duration.ofMillis(300));
    String id = reserved(host);
    await("its process is let go", () -> Files.notExists(groups.resolve(id)));
    assertThat(end(started(host, workload(id, "exit 7"))).code()).isEqualTo(7);
  }

  @Test
  void aStubThatWasKilledIsReplaced() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    String id = reserved(host);
    int process = parked(id).getFirst();
    ProcessHandle.of(process).flatMap(ProcessHandle::parent).orElseThrow().destroyForcibly();
    await("its process ends too", () -> ProcessHandle.of(process).isEmpty());
    assertThat(end(started(host, workload(id, "exit 8"))).code()).isEqualTo(8);
  }

  @Test
  void noMoreAreKeptThanSixteen() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    for (int i = 0; i < MOST; i++) {
      reserved(host);
    }
    assertThat(host.readyId(ISOLATED, ReservedStartTest::id)).isEmpty();
  }

  @Test
  void nothingIsKeptForWhatCannotUseIt() throws Exception {
    var host = new ContainerHost(Optional.of(cgroups), LONG);
    reserved(host);
    Namespaces usual = Namespaces.PRIVATE;
    var seesAll =
        new Namespaces(
            usual.pid(), usual.ipc(), usual.uts(), Namespaces.Mode.HOST, usual.user(), false);
    assertThat(host.readyId(new Outline(seesAll, true, ""), ReservedStartTest::id)).isEmpty();
    assertThat(host.readyId(new Outline(usual, true, "elsewhere"), ReservedStartTest::id))
        .isEmpty();
  }
}
