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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads what a group of cgroup v1 has used. */
record LegacyUsage(Map<String, Path> groups) {

  Usage read() {
    return new Usage(Instant.now(), cpu(), memory(), tasks(), blockDevices(), Map.of());
  }

  private Cpu cpu() {
    Map<String, Long> ticks = table("cpuacct", "cpuacct.stat");
    Map<String, Long> bandwidth = table("cpu", "cpu.stat");
    List<Long> perCpu =
        Arrays.stream(text("cpuacct", "cpuacct.usage_percpu").split(" "))
            .filter(number -> !number.isEmpty())
            .map(Long::valueOf)
            .toList();
    return new Cpu(
        number("cpuacct", "cpuacct.usage"),
        HostProcessors.ticksToNanos(ticks.getOrDefault("user", 0L)),
        HostProcessors.ticksToNanos(ticks.getOrDefault("system", 0L)),
        perCpu,
        HostProcessors.total(),
        HostProcessors.online(),
        bandwidth.getOrDefault("nr_periods", 0L),
        bandwidth.getOrDefault("nr_throttled", 0L),
        bandwidth.getOrDefault("throttled_time", 0L));
  }

  private Memory memory() {
    return new Memory(
        number("memory", "memory.usage_in_bytes"),
        number("memory", "memory.max_usage_in_bytes"),
        Math.min(number("memory", "memory.limit_in_bytes"), HostProcessors.memory()),
        number("memory", "memory.failcnt"),
        table("memory", "memory.stat"));
  }

  private Tasks tasks() {
    String limit = text("pids", "pids.max");
    return new Tasks(
        number("pids", "pids.current"),
        limit.isEmpty() || limit.equals("max") ? -1 : Long.parseLong(limit));
  }

  /** Lines such as {@code 8:0 Read 4096}, in one file for bytes and one for requests. */
  private List<BlockDevice> blockDevices() {
    var devices = new TreeMap<String, long[]>();
    collect(devices, "blkio.throttle.io_service_bytes_recursive", 0);
    collect(devices, "blkio.throttle.io_serviced_recursive", 2);
    var all = new ArrayList<BlockDevice>();
    devices.forEach((name, v) -> {
      int colon = name.indexOf(':');
      int major = Integer.parseInt(name.substring(0, colon));
      int minor = Integer.parseInt(name.substring(colon + 1));
      all.add(new BlockDevice(major, minor, v[0], v[1], v[2], v[3]));
    });
    return all;
  }

  private void collect(Map<String, long[]> devices, String file, int from) {
    for (String line : text("blkio", file).split("\n")) {
      String[] words = line.split(" ");
      if (words.length == 3 && (words[1].equals("Read") || words[1].equals("Write"))) {
        long[] values = devices.computeIfAbsent(words[0], name -> new long[4]);
        values[from + (words[1].equals("Read") ? 0 : 1)] = Long.parseLong(words[2]);
      }
    }
  }

  private String text(String controller, String file) {
    Path group = groups.get(controller);
    return group == null ? "" : CgroupFile.readIfPresent(group.resolve(file));
  }

  private long number(String controller, String file) {
    String text = text(controller, file);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private Map<String, Long> table(String controller, String file) {
    Path group = groups.get(controller);
    return group == null ? Map.of() : CgroupFile.table(group.resolve(file));
  }
}
