/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/** Containers whose process was parked: it bears their id before they start, and obeys the same. */
final class ParkedCheck {
  private static final Outline ISOLATED = new Outline(Namespaces.PRIVATE, true, "");
  private static final long PATIENCE_MILLIS = 120_000;
  private static final int PARKED = 8;
  private static final String SEEN =
      """
      cut -d' ' -f4- /proc/self/mountinfo | sort
      ls -ln /dev /sys/fs/cgroup | grep -v ^total | sed 's/[A-Z][a-z][a-z] .*:[0-9][0-9] //'
      cat /proc/self/cgroup /sys/class/net/lo/flags; cat /proc/keys /proc/timer_list | wc -c
      for f in /proc/sys/kernel/core_pattern /sys/power/state /sys/fs/cgroup/x; do
        (echo x > $f) 2>&1; done
      """;

  private final Machine machine;
  private final Path groups;
  private final String who;

  /**
   * @param groups where those of containers are
   * @param who put before each line that is printed
   */
  ParkedCheck(Machine machine, Path groups, String who) {
    this.machine = machine;
    this.groups = groups;
    this.who = who;
  }

  /** An engine that parks and is killed in the middle of it: prints when it has, and waits. */
  public static void main(String[] arguments) throws Exception {
    Path groups = Path.of(arguments[0]);
    if (arguments.length > 1) {
      Optional<String> none = ready();
      check("nothing is ready at first", none.isEmpty());
      await(() -> parked(groups).size() >= PARKED && untaken(groups) == 0);
      System.out.println("parked");
      Thread.sleep(PATIENCE_MILLIS);
    }
    ready(); // what an engine before this one left is removed now
    Thread.sleep(PATIENCE_MILLIS);
  }

  private static void check(String what, boolean holds) {
    if (!holds) {
      throw new IllegalStateException("not so: " + what);
    }
  }

  private static String id() {
    byte[] random = new byte[32];
    ThreadLocalRandom.current().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  private static Optional<String> ready() {
    return Machine.ISOLATION.readyId(ISOLATED, ParkedCheck::id);
  }

  private static boolean await(BooleanSupplier holds) throws InterruptedException {
    long end = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (!holds.getAsBoolean()) { // asked no more often: it may take what it finds
      if (System.currentTimeMillis() > end) {
        return false;
      }
      Thread.sleep(50);
    }
    return true;
  }

  private static List<Path> parked(Path groups) {
    if (!Files.isDirectory(groups)) {
      return List.of();
    }
    try (var found = Files.list(groups)) {
      return found.filter(group -> group.getFileName().toString().length() == 64).toList();
    } catch (IOException gone) {
      throw new java.io.UncheckedIOException(gone);
    }
  }

  private static String reserved() throws InterruptedException {
    var found = new String[] {""};
    await(
        () -> {
          found[0] = ready().orElse("");
          return !found[0].isEmpty();
        });
    return found[0];
  }

  void all(Resources limited) throws Exception {
    takenOver(limited);
    sameSights();
  }

  /** A start that takes one: it is the one, and limits hold. */
  void takenOver(Resources limited) throws Exception {
    String id = reserved();
    Machine.check(who + "an id is reserved", !id.isEmpty());
    String process = Files.readString(groups.resolve(id).resolve("cgroup.procs")).strip();
    Sandbox sandbox =
        machine.create(
            id, limited, "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; exec tail -f /dev/null");
    sandbox.start();
    Machine.check(
        who + "the parked process " + process + " became the container's",
        process.equals(Integer.toString(sandbox.pid().orElse(0))));
    String set =
        Files.readString(groups.resolve(id).resolve("memory.max")).strip()
            + " "
            + Files.readString(groups.resolve(id).resolve("pids.max")).strip();
    Machine.check(who + "limits are set in its group: " + set, set.equals("33554432 20"));
    sandbox.signal(9);
    sandbox.exit().join();
    sandbox.delete();
    Machine.check(who + "its group is gone", !Files.exists(groups.resolve(id)));
    Sandbox hungry = machine.create(reserved(), limited, "exec tail -c 200m /dev/zero");
    hungry.start();
    Exit killed = hungry.exit().join();
    hungry.delete();
    Machine.check(
        who + "a parked one out of memory: " + killed, killed.code() == 137 && killed.outOfMemory());
  }

  private void sameSights() throws Exception {
    String made = machine.output(machine.create("made", Resources.UNLIMITED, SEEN));
    String parked = machine.output(machine.create(reserved(), Resources.UNLIMITED, SEEN));
    String ready = parked.replaceAll("[0-9a-f]{64}", "made");
    Machine.check(who + "what it sees is the same", ready.equals(made) && made.contains("cgroup2"));
    if (!ready.equals(made)) {
      System.out.println(made + "\n--- parked:\n" + ready);
    }
  }

  private static Process engine(String... arguments) throws IOException {
    var words = new java.util.ArrayList<>(List.of("/lab/java", "ParkedCheck"));
    words.addAll(List.of(arguments));
    return new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Two engines that are killed: one alone, one with its stubs. */
  void killed() throws Exception {
    Process alone = engine(groups.toString(), "parks");
    alone.inputReader().readLine();
    Machine.check(who + "another engine parks", parked(groups).size() >= PARKED);
    alone.destroyForcibly().waitFor();
    Machine.check(
        who + "of a killed engine nothing is left", await(() -> parked(groups).isEmpty()));

    Process together = engine(groups.toString(), "parks");
    together.inputReader().readLine();
    List<ProcessHandle> stubs = together.descendants().toList();
    together.toHandle().destroyForcibly();
    stubs.forEach(ProcessHandle::destroyForcibly);
    together.waitFor();
    await(() -> stubs.stream().noneMatch(ProcessHandle::isAlive));
    System.out.println(who + "groups left by one killed with its stubs: " + parked(groups).size());
    Process next = engine(groups.toString());
    Machine.check(
        who + "the next engine removes what it left", await(() -> untaken(groups) == 0));
    next.destroyForcibly().waitFor();
    await(() -> parked(groups).isEmpty());
  }

  /** Groups in which nobody waits. */
  private static long untaken(Path groups) {
    return parked(groups).stream()
        .filter(group -> {
          try {
            return Files.readString(group.resolve("cgroup.procs")).isBlank();
          } catch (IOException gone) {
            return false;
          }
        })
        .count();
  }
}
