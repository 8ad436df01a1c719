/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a machine with a process of its own costs, by guests of a few instructions on /dev/kvm. */
final class OwnProcessBench {
  private static final int STARTS = 11;
  private static final int IDLE = 5;
  private static final long SETTLE_MILLIS = 3000;

  private OwnProcessBench() {}

  public static void main(String[] words) throws Exception {
    Path directory = Path.of(words[0]);
    Path processors = Files.writeString(directory.resolve("cpuinfo"), "flags : svm\n");
    var engine =
        new OwnProcessEngine(new HardwareVirtualization(processors, Path.of("/dev/kvm")));
    Path kernel = new SmallKernel().print("hello\n").halt().write(directory.resolve("kernel"));
    double[] millis = new double[STARTS];
    double[] cpu = new double[STARTS];
    for (int i = 0; i < STARTS; i++) {
      long before = System.nanoTime();
      try (RunningMachine machine = engine.start(spec(directory, kernel, i))) {
        millis[i] = (System.nanoTime() - before) / 1e6;
        cpu[i] = machine.cpuTime().toNanos() / 1e6;
      }
    }
    print("request to the first instruction, ms", millis);
    print("processor time of the process until then, ms", cpu);
    idle(engine, directory, kernel);
  }

  private static MachineSpec spec(Path directory, Path kernel, int number) throws Exception {
    return new MachineSpec(
        "bench" + ProcessHandle.current().pid() + "x" + number,
        Files.createDirectories(directory.resolve(Integer.toString(number))),
        256 << 20,
        1,
        Optional.empty(),
        kernel,
        kernel,
        "none",
        List.of(),
        Optional.empty(),
        List.of(),
        "");
  }

  private static void idle(OwnProcessEngine engine, Path directory, Path kernel) throws Exception {
    List<RunningMachine> machines = new ArrayList<>();
    try {
      for (int i = 0; i < IDLE; i++) {
        machines.add(engine.start(spec(directory, kernel, i)));
      }
      Thread.sleep(SETTLE_MILLIS);
      double[] shares = new double[IDLE];
      double[] own = new double[IDLE];
      Duration before = time(machines);
      for (int i = 0; i < IDLE; i++) {
        long pid = machines.get(i).pid().orElseThrow();
        shares[i] = kibibytes(pid, "Pss:") / 1024.0;
        own[i] = kibibytes(pid, "Private_Dirty:") / 1024.0;
      }
      print("proportional set of one of " + IDLE + " idle, MiB", shares);
      print("of that its own alone, MiB", own);
      Thread.sleep(SETTLE_MILLIS);
      Duration spent = time(machines).minus(before);
      System.out.printf(
          "%-50s %.1f%n",
          "processor time of one idle, ms in a second",
          spent.toNanos() / 1e3 / SETTLE_MILLIS / IDLE);
    } finally {
      machines.forEach(RunningMachine::close);
    }
  }

  private static Duration time(List<RunningMachine> machines) {
    return machines.stream().map(RunningMachine::cpuTime).reduce(Duration.ZERO, Duration::plus);
  }

  private static long kibibytes(long pid, String field) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup")).stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  private static void print(String what, double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "%-50s median %.1f (%.1f to %.1f)%n",
        what, sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
  }
}
