/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.sandbox.ability.Measurable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code events} prints: one JSON document a line, of type "stats" at an interval and "oom"
 * when the kernel has killed something for want of memory. Names are runc's.
 */
record Events(String id, Cgroup group, PrintStream out) {
  private static final long LONGEST_NAP_MILLIS = 100;

  /** Prints what is used now. */
  void stats() {
    Measurable.Usage usage = group.usage();
    ObjectNode event = Document.MAPPER.createObjectNode().put("type", "stats").put("id", id);
    ObjectNode data = event.putObject("data");
    cpu(usage.cpu(), data.putObject("cpu"));
    memory(usage.memory(), data.putObject("memory"));
    ObjectNode pids = data.putObject("pids").put("current", usage.tasks().current());
    if (usage.tasks().limit() >= 0) {
      pids.put("limit", usage.tasks().limit());
    }
    ObjectNode io = data.putObject("blkio");
    ArrayNode bytes = io.putArray("ioServiceBytesRecursive");
    ArrayNode requests = io.putArray("ioServicedRecursive");
    for (Measurable.BlockDevice device : usage.blockDevices()) {
      entry(bytes, device, "Read", device.readBytes());
      entry(bytes, device, "Write", device.writtenBytes());
      entry(requests, device, "Read", device.reads());
      entry(requests, device, "Write", device.writes());
    }
    out.println(event);
    out.flush();
  }

  private static void cpu(Measurable.Cpu cpu, ObjectNode node) {
    ObjectNode usage = node.putObject("usage");
    usage.put("total", cpu.total()).put("kernel", cpu.kernel()).put("user", cpu.user());
    ArrayNode perCpu = usage.putArray("percpu");
    cpu.perCpu().forEach(perCpu::add);
    node.putObject("throttling")
        .put("periods", cpu.periods())
        .put("throttledPeriods", cpu.throttledPeriods())
        .put("throttledTime", cpu.throttledTime());
  }

  private static void memory(Measurable.Memory memory, ObjectNode node) {
    node.put("cache", memory.details().getOrDefault("cache", 0L));
    node.putObject("usage")
        .put("limit", memory.limit())
        .put("usage", memory.usage())
        .put("max", memory.peak())
        .put("failcnt", memory.failures());
    ObjectNode raw = node.putObject("raw");
    memory.details().forEach(raw::put);
  }

  private static void entry(
      ArrayNode entries, Measurable.BlockDevice device, String operation, long value) {
    entries
        .addObject()
        .put("major", device.major())
        .put("minor", device.minor())
        .put("op", operation)
        .put("value", value);
  }

  /** Prints until the container has ended. */
  void follow(Duration interval, BooleanSupplier alive) {
    long kills = kills();
    long next = System.nanoTime() + interval.toNanos();
    while (alive.getAsBoolean()) {
      long now = kills();
      if (now > kills) {
        kills = now;
        out.println(Document.MAPPER.createObjectNode().put("type", "oom").put("id", id));
        out.flush();
      }
      if (System.nanoTime() >= next) {
        stats();
        next += interval.toNanos();
      }
      nap();
    }
  }

  private static void nap() {
    try {
      Thread.sleep(LONGEST_NAP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OciException("interrupted", e);
    }
  }

  private long kills() {
    Optional<Path> file = group.memoryEvents();
    try {
      return file.isEmpty()
          ? 0
          : Files.readAllLines(file.get()).stream()
              .filter(line -> line.startsWith("oom_kill "))
              .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length())))
              .findFirst()
              .orElse(0);
    } catch (IOException gone) {
      return 0;
    }
  }
}
