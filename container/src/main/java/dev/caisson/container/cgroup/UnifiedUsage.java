/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.sandbox.ability.Measurable.BlockDevice;
import dev.caisson.sandbox.ability.Measurable.Cpu;
import dev.caisson.sandbox.ability.Measurable.Memory;
import dev.caisson.sandbox.ability.Measurable.Tasks;
import dev.caisson.sandbox.ability.Measurable.Usage;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what a group of cgroup v2 has used. */
record UnifiedUsage(Path group) {
  private static final long MICROSECOND = 1_000;

  Usage read() {
    return new Usage(Instant.now(), cpu(), memory(), tasks(), blockDevices(), Map.of());
  }

  private Cpu cpu() {
    Map<String, Long> stat = CgroupFile.table(group.resolve("cpu.stat"));
    return new Cpu(
        nanos(stat, "usage_usec"),
        nanos(stat, "user_usec"),
        nanos(stat, "system_usec"),
        List.of(),
        HostProcessors.total(),
        HostProcessors.online(),
        stat.getOrDefault("nr_periods", 0L),
        stat.getOrDefault("nr_throttled", 0L),
        nanos(stat, "throttled_usec"));
  }

  private static long nanos(Map<String, Long> stat, String key) {
    return stat.getOrDefault(key, 0L) * MICROSECOND;
  }

  private Memory memory() {
    Map<String, Long> events = CgroupFile.table(group.resolve("memory.events"));
    return new Memory(
        CgroupFile.number(group.resolve("memory.current")).orElse(0),
        CgroupFile.number(group.resolve("memory.peak")).orElse(0),
        CgroupFile.number(group.resolve("memory.max")).orElse(HostProcessors.memory()),
        events.getOrDefault("max", 0L),
        CgroupFile.table(group.resolve("memory.stat")));
  }

  private Tasks tasks() {
    return new Tasks(
        CgroupFile.number(group.resolve("pids.current")).orElse(0),
        CgroupFile.number(group.resolve("pids.max")).orElse(-1));
  }

  /** Lines such as {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  private List<BlockDevice> blockDevices() {
    var devices = new ArrayList<BlockDevice>();
    for (String line : CgroupFile.readIfPresent(group.resolve("io.stat")).split("\n")) {
      String[] words = line.split(" ");
      int colon = words[0].indexOf(':');
      if (colon < 0) {
        continue;
      }
      var values = new HashMap<String, Long>();
      for (int i = 1; i < words.length; i++) {
        int equals = words[i].indexOf('=');
        values.put(words[i].substring(0, equals), Long.valueOf(words[i].substring(equals + 1)));
      }
      devices.add(
          new BlockDevice(
              Integer.parseInt(words[0].substring(0, colon)),
              Integer.parseInt(words[0].substring(colon + 1)),
              values.getOrDefault("rbytes", 0L),
              values.getOrDefault("wbytes", 0L),
              values.getOrDefault("rios", 0L),
              values.getOrDefault("wios", 0L)));
    }
    return devices;
  }
}
