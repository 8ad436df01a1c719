/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.HostProcessors;
import dev.caisson.sandbox.ability.Measurable.Cpu;
import dev.caisson.sandbox.ability.Measurable.Memory;
import dev.caisson.sandbox.ability.Measurable.Tasks;
import dev.caisson.sandbox.ability.Measurable.Usage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the processes of a container without a control group use, added up from /proc: those that
 * run now, as nobody counted the ones that ended. proc_pid_stat(5)
 */
final class ProcessUsage {
  // Fields after the name.
  private static final int USER_TICKS = 11;
  private static final int SYSTEM_TICKS = 12;
  private static final int THREADS = 17;
  private static final int RESIDENT_PAGES = 21;
  private static final long PAGE = 4096;

  private ProcessUsage() {}

  /** All processes in the PID namespace of one. */
  static List<Integer> sharing(int first) {
    var found = new ArrayList<Integer>();
    Optional<Path> wanted = namespace(first);
    if (wanted.isEmpty()) {
      return found;
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        int pid = Integer.parseInt(process.getFileName().toString());
        if (namespace(pid).equals(wanted)) {
          found.add(pid);
        }
      }
    } catch (IOException unreadable) {
      return List.of(first);
    }
    return found;
  }

  private static Optional<Path> namespace(int pid) {
    try {
      return Optional.of(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/pid")));
    } catch (IOException goneOrForeign) {
      return Optional.empty();
    }
  }

  static Usage of(List<Integer> pids) {
    long user = 0;
    long system = 0;
    long memory = 0;
    long threads = 0;
    for (int pid : pids) {
      Optional<String[]> fields = fields(pid);
      if (fields.isPresent()) {
        user += HostProcessors.ticksToNanos(Long.parseLong(fields.get()[USER_TICKS]));
        system += HostProcessors.ticksToNanos(Long.parseLong(fields.get()[SYSTEM_TICKS]));
        threads += Long.parseLong(fields.get()[THREADS]);
        memory += Long.parseLong(fields.get()[RESIDENT_PAGES]) * PAGE;
      }
    }
    var cpu =
        new Cpu(
            user + system,
            user,
            system,
            List.of(),
            HostProcessors.total(),
            HostProcessors.online(),
            0,
            0,
            0);
    return new Usage(
        Instant.now(),
        cpu,
        new Memory(memory, memory, HostProcessors.memory(), 0, Map.of()),
        new Tasks(threads, -1),
        List.of(),
        Map.of());
  }

  private static Optional<String[]> fields(int pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }
}
