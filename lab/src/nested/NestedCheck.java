/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.machine.MachineEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * Linux on our own hypervisor, where the processor really has virtualization: runs in L1 of the
 * nested lab. Prints a line for each check; a failed one is tried once more, since the emulation
 * below has been seen to hang.
 */
final class NestedCheck {
  private static final int MOST_ATTEMPTS = 2;
  private static final int PATIENCE_SECONDS = 240;

  /** What measures, and runs only when it is named. */
  private static final List<String> COMPARISONS = List.of("boot-compare", "switch-compare", "thin-crowd");

  /** How many times the patience for one machine a check has. */
  private static final Map<String, Integer> MACHINES =
      Map.of(
          "boot-compare",
          BootCompare.MACHINES,
          "switch-compare",
          12,
          "own-process",
          2,
          "thin-clones",
          4,
          "thin-crowd",
          4,
          "snapshot-verbs",
          4,
          "snapshot-killed",
          4);

  private static final List<String> EVERYTHING =
      checks().keySet().stream().filter(name -> !COMPARISONS.contains(name)).toList();

  /** One promise. */
  private interface Check {
    void run(Kvm kvm) throws Exception;
  }

  /** The guest of the running check, for the record of a failure. */
  private static volatile NestedGuest guest;

  private NestedCheck() {}

  public static void main(String[] names) {
    Map<String, Check> all = checks();
    List<String> wanted = expanded(List.of(names));
    // For the script: what is still to do if this machine never comes to its end.
    System.out.println("LAB CHECKS " + String.join(" ", wanted));
    int failed = 0;
    try (Kvm kvm = Kvm.open()) {
      for (String name : wanted) {
        Check check = all.get(name);
        if (check == null) {
          System.out.println("FAILED " + name + " 0 ms: there is no such check; have " + all.keySet());
          failed++;
        } else if (!passes(name, check, kvm)) {
          failed++;
        }
      }
    }
    System.exit(failed == 0 ? 0 : 1);
  }

  /** "contract" stands for every promise of it; nothing for everything. */
  private static List<String> expanded(List<String> names) {
    if (names.isEmpty()) {
      return EVERYTHING;
    }
    return names.stream()
        .flatMap(name -> name.equals("contract") ? ContractChecks.names().stream() : Stream.of(name))
        .toList();
  }

  private static Map<String, Check> checks() {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("boot", NestedCheck::boot);
    checks.put("processors", NestedCheck::processors);
    checks.put("pins", NestedCheck::pins);
    checks.put("memory-hole", NestedCheck::memoryHole);
    checks.put("packed-kernel", NestedCheck::packedKernel);
    checks.put("pause", NestedCheck::pause);
    checks.put("snapshot", SnapshotChecks::clones);
    checks.put("generation", SnapshotChecks::generation);
    checks.put("reset", NestedCheck::reset);
    checks.put("panic", NestedCheck::panic);
    checks.put("idle", NestedCheck::idle);
    checks.put("power-button", NestedCheck::powerButton);
    checks.put("console-port", DeviceChecks::consolePort);
    checks.put("files", DeviceChecks::files);
    checks.put("disk", DeviceChecks::disk);
    checks.put("network", DeviceChecks::network);
    checks.put("entropy", DeviceChecks::entropy);
    checks.put("balloon", DeviceChecks::balloon);
    checks.put("boot-compare", BootCompare::run);
    checks.put("switch-compare", SwitchCompare::run);
    checks.put("thin-run", kvm -> ThinChecks.run());
    checks.put("thin-control", kvm -> ThinChecks.control());
    checks.put("own-process", kvm -> ThinChecks.ownProcess());
    checks.put("thin-clones", kvm -> CloneChecks.twoClones());
    checks.put("thin-crowd", kvm -> CloneChecks.crowd());
    checks.put("snapshot-verbs", kvm -> VerbChecks.snapshots());
    checks.put("snapshot-killed", kvm -> KilledChecks.run());
    ContractChecks.names().forEach(name -> checks.put(name, kvm -> ContractChecks.run(name)));
    return checks;
  }

  private static boolean passes(String name, Check check, Kvm kvm) {
    for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      guest = null;
      long start = System.nanoTime();
      Optional<Throwable> failure = failure(name, check, kvm);
      long millis = (System.nanoTime() - start) / 1_000_000;
      if (failure.isEmpty()) {
        System.out.printf("ok %s %d ms%n", name, millis);
        return true;
      }
      if (failure.get() instanceof TestAbortedException skipped) {
        System.out.printf("skipped %s %d ms: %s%n", name, millis, skipped.getMessage());
        return true;
      }
      String word = attempt == MOST_ATTEMPTS ? "FAILED" : "again";
      System.out.printf("%s %s %d ms: %s%n", word, name, millis, failure.get());
      NestedGuest last = guest;
      if (last != null) {
        last.console().lines().forEach(line -> System.out.println("  | " + line));
      }
    }
    return false;
  }

  /** Why it failed; one that takes too long has its guest taken away, which ends its waits. */
  private static Optional<Throwable> failure(String name, Check check, Kvm kvm) {
    var result = new CompletableFuture<Optional<Throwable>>();
    Thread.ofPlatform()
        .name(name)
        .daemon()
        .start(
            () -> {
              try {
                check.run(kvm);
                result.complete(Optional.empty());
              } catch (Exception | Error e) {
                result.complete(Optional.of(e));
              }
            });
    try {
      int machines = MACHINES.getOrDefault(name, 1);
      return result.get(PATIENCE_SECONDS * (long) machines, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      NestedGuest last = guest;
      if (last != null) {
        last.close();
      }
      return Optional.of(e);
    } catch (InterruptedException | ExecutionException e) {
      return Optional.of(e);
    }
  }

  static NestedGuest start(Kvm kvm, NestedGuest.Order order) throws Exception {
    return watched(NestedGuest.running(kvm, order));
  }

  /** The guest to show when the check fails. */
  static NestedGuest watched(NestedGuest started) {
    guest = started;
    return started;
  }

  static void same(String expected, String found) {
    if (!expected.equals(found)) {
      throw new AssertionError("\"" + found + "\" instead of \"" + expected + "\"");
    }
  }

  private static void boot(Kvm kvm) throws Exception {
    long before = System.nanoTime();
    try (NestedGuest one = start(kvm, NestedGuest.Order.of("boot"))) {
      long running = System.nanoTime();
      one.awaitWords("HELLO boot 1");
      System.out.printf(
          "figure boot: request to running %d ms, running to first line %d ms%n",
          (running - before) / 1_000_000, (System.nanoTime() - running) / 1_000_000);
      one.awaitEnd(MachineEnd.Kind.POWER_OFF);
      one.expect("kvm-clock");
    }
  }

  private static void processors(Kvm kvm) throws Exception {
    try (NestedGuest several = start(kvm, NestedGuest.Order.of("boot").withCpus(4))) {
      several.awaitEnd(MachineEnd.Kind.POWER_OFF);
      several.expect("HELLO boot 4");
    }
  }

  /** Each vCPU's thread keeps to the processor it was given, and the guest has them both. */
  private static void pins(Kvm kvm) throws Exception {
    try (NestedGuest pinned = start(kvm, NestedGuest.Order.of("ticks").withPins(2L, 1L))) {
      pinned.awaitWords("HELLO ticks 2");
      pinned.awaitWords("tick 3");
      same("1", allowed("guest vCPU 0"));
      same("0", allowed("guest vCPU 1"));
      pinned.machine().pin(List.of(1L, 2L));
      same("0", allowed("guest vCPU 0"));
      same("1", allowed("guest vCPU 1"));
      pinned.awaitWords("tick 20");
    }
  }

  /** The processors a thread of ours may run on. proc(5) */
  static String allowed(String thread) throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      for (Path one : (Iterable<Path>) threads::iterator) {
        // The kernel keeps the first 15 bytes of a name.
        String name = Files.readString(one.resolve("comm")).strip();
        if (name.equals(thread.substring(0, Math.min(15, thread.length())))) {
          return Files.readAllLines(one.resolve("status")).stream()
              .filter(line -> line.startsWith("Cpus_allowed_list:"))
              .map(line -> line.substring(line.indexOf('\t') + 1))
              .findFirst()
              .orElseThrow();
        }
      }
    }
    throw new AssertionError("there is no thread " + thread);
  }

  /** More memory than fits below the devices; the kernel sees all but what its own tables cost. */
  private static void memoryHole(Kvm kvm) throws Exception {
    try (NestedGuest large = start(kvm, NestedGuest.Order.of("boot").withMebibytes(3584))) {
      large.awaitEnd(MachineEnd.Kind.POWER_OFF);
      large.expect("MemTotal: +3[45]\\d{5} kB");
    }
  }

  private static void packedKernel(Kvm kvm) throws Exception {
    try (NestedGuest packed = start(kvm, NestedGuest.Order.of("boot").withKernel("vmlinuz"))) {
      packed.awaitEnd(MachineEnd.Kind.POWER_OFF);
      packed.expect("HELLO boot 1");
    }
  }

  private static void pause(Kvm kvm) throws Exception {
    try (NestedGuest ticking = start(kvm, NestedGuest.Order.of("ticks").withCpus(2))) {
      ticking.awaitWords("tick 3");
      for (int i = 0; i < 3; i++) {
        ticking.machine().pause();
        String still = ticking.console();
        Thread.sleep(400);
        if (!ticking.console().equals(still)) {
          throw new AssertionError("a paused guest went on");
        }
        ticking.machine().resume();
        Thread.sleep(300);
        if (ticking.console().equals(still)) {
          throw new AssertionError("a resumed guest stands still");
        }
      }
    }
  }

  private static void reset(Kvm kvm) throws Exception {
    try (NestedGuest resetting = start(kvm, NestedGuest.Order.of("reset"))) {
      resetting.awaitEnd(MachineEnd.Kind.RESET);
    }
  }

  private static void panic(Kvm kvm) throws Exception {
    try (NestedGuest dying = start(kvm, NestedGuest.Order.of("panic").withCpus(2))) {
      dying.awaitEnd(MachineEnd.Kind.RESET);
    }
  }

  /** A guest with nothing to do halts in the kernel: it costs us next to nothing. */
  private static void idle(Kvm kvm) throws Exception {
    try (NestedGuest idle = start(kvm, NestedGuest.Order.of("idle").withCpus(2))) {
      idle.awaitWords("IDLE");
      Thread.sleep(1000);
      long before = idle.machine().cpuTime().toMillis();
      Thread.sleep(3000);
      long spent = idle.machine().cpuTime().toMillis() - before;
      System.out.printf("figure idle: %d ms of CPU in 3000 ms with 2 vCPUs%n", spent);
      if (spent > 1500) {
        throw new AssertionError("an idle guest spent " + spent + " ms in 3 s");
      }
    }
  }

  private static void powerButton(Kvm kvm) throws Exception {
    try (NestedGuest waiting = start(kvm, NestedGuest.Order.of("button"))) {
      waiting.awaitWords("READY");
      Thread.sleep(500);
      waiting.machine().pressPowerButton();
      waiting.awaitEnd(MachineEnd.Kind.POWER_OFF);
      waiting.expect("BUTTON");
    }
  }
}
