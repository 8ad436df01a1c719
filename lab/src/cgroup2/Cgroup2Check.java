/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Isolations;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What containers promise where cgroup v2 is all there is; run by lab/cgroup2 inside a machine. */
final class Cgroup2Check {
  private static final Path GROUPS = Path.of("/sys/fs/cgroup/caisson");
  private static int failures;
  private static int count;
  private final Isolation isolation = Isolations.named("container").orElseThrow();
  private final RootFilesystem.Layers root;

  public static void main(String[] arguments) throws Exception {
    new Cgroup2Check().all();
    System.exit(failures == 0 ? 0 : 1);
  }

  private Cgroup2Check() throws Exception {
    Path layer = Files.createDirectories(Path.of("/tmp/layer"));
    for (String name : List.of("bin", "etc", "proc", "sys", "dev", "tmp")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), layer.resolve("bin/busybox"));
    for (String applet : List.of("sh", "true", "sleep", "tail", "mknod", "cat", "grep", "test")) {
      Files.createSymbolicLink(layer.resolve("bin").resolve(applet), Path.of("busybox"));
    }
    root = new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("l", layer)), 0, false);
  }

  private void all() throws Exception {
    check("nothing is missing", isolation.unavailable().isEmpty());
    check("exit codes", run(Resources.UNLIMITED, "exit 7").code() == 7);
    Exit killed =
        run(Resources.UNLIMITED.withMemory(Resources.Memory.limit(32 << 20)), "exec tail -c 200m /dev/zero");
    check("out of memory: " + killed, killed.code() == 137 && killed.outOfMemory());
    check(
        "pids limit",
        run(
                    Resources.UNLIMITED.withPids(4),
                    "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait; exit 0")
                .code()
            != 0);
    check(
        "device program",
        run(Resources.UNLIMITED, "mknod /d b 254 0 && ! cat /d && cat /dev/null").code() == 0);
    check(
        "own root of the tree, read-only",
        run(
                    Resources.UNLIMITED,
                    "grep -q '^0::/$' /proc/self/cgroup && test -e /sys/fs/cgroup/cgroup.procs"
                        + " && ! echo 1 > /sys/fs/cgroup/cgroup.procs")
                .code()
            == 0);
    abilities();
    try (var left = Files.list(GROUPS)) {
      check("no group is left", left.noneMatch(Files::isDirectory));
    }
  }

  private void abilities() throws Exception {
    Sandbox sandbox = create(Resources.UNLIMITED.withPids(50), "sleep 1000");
    sandbox.start();
    Pausable pausable = sandbox.ability(Pausable.class).orElseThrow();
    pausable.pause();
    check("paused", sandbox.state() == SandboxState.PAUSED);
    pausable.resume();
    var usage = sandbox.ability(Measurable.class).orElseThrow().usage();
    check("measured: " + usage.memory().usage(), usage.cpu().total() > 0 && usage.memory().usage() > 0);
    sandbox
        .ability(Updatable.class)
        .orElseThrow()
        .update(Resources.UNLIMITED.withPids(60).withMemory(Resources.Memory.limit(64 << 20)));
    usage = sandbox.ability(Measurable.class).orElseThrow().usage();
    check("limits changed", usage.tasks().limit() == 60 && usage.memory().limit() == 64 << 20);
    try (var session =
        sandbox
            .ability(Executable.class)
            .orElseThrow()
            .exec(Executable.Command.of("grep", "-q", "^0::/$", "/proc/self/cgroup"))) {
      check("exec joins the group", session.exit().join().code() == 0);
    }
    Sandbox adopted = isolation.adopt(sandbox.workload(), place(sandbox.workload().id()));
    check("adopted", adopted.state() == SandboxState.RUNNING);
    adopted.delete();
  }

  private Sandbox create(Resources resources, String script) throws Exception {
    String id = "check" + count++;
    return isolation.create(
        Workload.builder(id, root)
            .process(Program.of("sh", "-c", script).build())
            .resources(resources)
            .build(),
        place(id));
  }

  private static Place place(String id) throws Exception {
    Path place = Path.of("/tmp", id);
    return new Place(
        Files.createDirectories(place.resolve("s")), Files.createDirectories(place.resolve("r")));
  }

  private Exit run(Resources resources, String script) throws Exception {
    Sandbox sandbox = create(resources, script);
    sandbox.start();
    Exit exit = sandbox.exit().join();
    sandbox.delete();
    return exit;
  }

  private static void check(String what, boolean holds) {
    System.out.println((holds ? "ok      " : "FAILED  ") + what);
    failures += holds ? 0 : 1;
  }
}
