/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a machine uses: processor time as the host pays for it, all else as the guest has it. */
final class GuestStatistics {
  private static final long TICK_NANOS = 10_000_000;

  private GuestStatistics() {}

  static Measurable.Usage usage(ThinRun run, Workload workload) {
    var group = run.group();
    return new Measurable.Usage(
        Instant.now(),
        cpu(run),
        group.memory(MachineParts.memory(workload.resources()), 0),
        group.tasks(),
        List.of(),
        interfaces(run));
  }

  static Measurable.Cpu cpu(ThinRun run) {
    long cpu = run.machine().cpuTime().toNanos();
    return new Measurable.Cpu(
        cpu, cpu, 0, List.of(), hostTime(), Runtime.getRuntime().availableProcessors(), 0, 0, 0);
  }

  private static String file(ThinRun run, String path) {
    return new String(GuestProcesses.answer(run.guest().file(path)), StandardCharsets.UTF_8);
  }

  private static Map<String, Measurable.Interface> interfaces(ThinRun run) {
    Map<String, Measurable.Interface> found = new LinkedHashMap<>();
    for (String line : file(run, "/proc/net/dev").lines().toList()) {
      String[] fields = line.strip().split("[: ]+");
      if (fields.length >= 13 && !fields[0].equals("lo") && numbers(fields)) {
        found.put(fields[0], counters(fields));
      }
    }
    return found;
  }

  private static boolean numbers(String[] fields) {
    return Arrays.stream(fields, 1, 13).allMatch(field -> field.matches("[0-9]{1,18}"));
  }

  private static Measurable.Interface counters(String[] fields) {
    return new Measurable.Interface(
        Long.parseLong(fields[1]),
        Long.parseLong(fields[2]),
        Long.parseLong(fields[3]),
        Long.parseLong(fields[4]),
        Long.parseLong(fields[9]),
        Long.parseLong(fields[10]),
        Long.parseLong(fields[11]),
        Long.parseLong(fields[12]));
  }

  /** The first line of /proc/stat: what all processors did since boot. proc(5) */
  private static long hostTime() {
    try {
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +");
      long ticks = 0;
      for (int i = 1; i <= 8 && i < fields.length; i++) {
        ticks += Long.parseLong(fields[i]);
      }
      return ticks * TICK_NANOS;
    } catch (IOException e) {
      return 0;
    }
  }
}
