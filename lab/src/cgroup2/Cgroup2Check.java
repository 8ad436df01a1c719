/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Explainable;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.workload.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What containers promise where cgroup v2 is all there is; run by lab/cgroup2 inside a machine. */
final class Cgroup2Check {
  private static final Path GROUPS = Path.of("/sys/fs/cgroup/caisson");
  private static final Resources FREE = Resources.UNLIMITED;
  private final Machine machine = new Machine(Path.of("/tmp/root"));

  private Cgroup2Check() throws Exception {}

  public static void main(String[] arguments) throws Exception {
    var check = new Cgroup2Check();
    check.basics();
    new LimitsCheck(check.machine).all(List.of(arguments).contains("--short"));
    check.abilities();
    check.everythingDies();
    check.parked();
    try (var left = Files.list(GROUPS)) {
      Machine.check(
          "no group is left but those of parked processes",
          left.filter(Files::isDirectory).allMatch(Cgroup2Check::waits));
    }
    Machine.end();
  }

  private static boolean waits(Path group) {
    return group.getFileName().toString().length() == 64;
  }

  private void basics() throws Exception {
    Machine.check("nothing is missing", Machine.ISOLATION.unavailable().isEmpty());
    Machine.check("exit codes", machine.run(FREE, "exit 7").code() == 7);
    Machine.check(
        "own root of the tree, read-only",
        machine.run(
                    FREE,
                    "grep -q '^0::/$' /proc/self/cgroup && test -e /sys/fs/cgroup/cgroup.procs"
                        + " && ! echo 1 > /sys/fs/cgroup/cgroup.procs")
                .code()
            == 0);
    Sandbox explained = machine.create(FREE, "true");
    String plan =
        ((Explainable) Machine.ISOLATION)
            .explain(explained.workload(), machine.place(explained.workload().id()))
            .table();
    // CLONE_INTO_CGROUP leaves no moment in which the process is outside.
    Machine.check("born in its group", !plan.contains("join control groups"));
    explained.delete();
  }

  private void abilities() throws Exception {
    Sandbox sandbox =
        machine.create(FREE.withPids(50), "i=0; while :; do i=$((i+1)); echo $i > /tmp/i; done");
    sandbox.start();
    Path group = GROUPS.resolve(sandbox.workload().id());
    Pausable pausable = sandbox.ability(Pausable.class).orElseThrow();
    pausable.pause();
    long before = cpu(sandbox);
    Thread.sleep(500);
    Machine.check(
        "paused, and stands still",
        sandbox.state() == SandboxState.PAUSED
            && cpu(sandbox) == before
            && Files.readString(group.resolve("cgroup.events")).contains("frozen 1"));
    pausable.resume();
    Thread.sleep(300);
    Machine.check("goes on", cpu(sandbox) > before);
    var usage = sandbox.ability(Measurable.class).orElseThrow().usage();
    Machine.check(
        "measured: " + usage.memory().usage() + " bytes, " + usage.tasks().current() + " tasks",
        usage.cpu().total() > 0 && usage.memory().usage() > 0 && usage.tasks().current() > 0);
    sandbox
        .ability(Updatable.class)
        .orElseThrow()
        .update(FREE.withPids(60).withMemory(Resources.Memory.limit(64 << 20)));
    usage = sandbox.ability(Measurable.class).orElseThrow().usage();
    Machine.check(
        "limits changed while it runs",
        usage.tasks().limit() == 60 && usage.memory().limit() == 64 << 20);
    try (var session =
        sandbox
            .ability(Executable.class)
            .orElseThrow()
            .exec(Executable.Command.of("grep", "-q", "^0::/$", "/proc/self/cgroup"))) {
      Machine.check("exec joins the group", session.exit().join().code() == 0);
    }
    Sandbox adopted =
        Machine.ISOLATION.adopt(sandbox.workload(), machine.place(sandbox.workload().id()));
    Machine.check("adopted", adopted.state() == SandboxState.RUNNING);
    adopted.delete();
  }

  private static long cpu(Sandbox sandbox) {
    return sandbox.ability(Measurable.class).orElseThrow().usage().cpu().total();
  }

  private void parked() throws Exception {
    var memory = new Resources.Memory(
        OptionalLong.of(32 << 20),
        OptionalLong.of(32 << 20),
        OptionalLong.empty(),
        OptionalInt.empty(),
        false);
    var parked = new ParkedCheck(machine, GROUPS, "");
    parked.killed(); // before anything is parked here
    Resources limited = FREE.withMemory(memory).withPids(20);
    parked.all(limited);
    Path own = Path.of("/tmp/apart");
    var apart = new Machine(own, Machine.ISOLATION.below(own.resolve("engine")));
    new ParkedCheck(apart, GROUPS, "without the host's mounts: ").takenOver(limited);
  }

  private void everythingDies() throws Exception {
    Sandbox sandbox =
        machine.create(FREE, "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; sleep 1000");
    sandbox.start();
    Thread.sleep(500);
    sandbox.signal(9);
    Exit exit = sandbox.exit().join();
    sandbox.delete();
    Machine.check(
        "killed with all its children",
        exit.code() == 137 && !Files.exists(GROUPS.resolve(sandbox.workload().id())));
  }
}
