/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.view.Stats;
import dev.caisson.server.http.Json;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One sample of {@code stats}, with the names dockerd gives the kernel's counters. */
final class StatsJson {
  private StatsJson() {}

  static ObjectNode of(Stats stats) {
    ObjectNode json = Json.object();
    json.put("name", "/" + stats.name());
    json.put("id", stats.id());
    json.put("read", Times.rfc3339Nano(stats.read()));
    json.put("preread", Times.orZero(stats.previousRead()));
    json.putObject("pids_stats")
        .put("current", stats.pids().current())
        .put("limit", stats.pids().limit());
    ObjectNode blkio = json.putObject("blkio_stats");
    ArrayNode bytes = blkio.putArray("io_service_bytes_recursive");
    for (Stats.BlockIo each : stats.blockIo()) {
      bytes
          .addObject()
          .put("major", each.major())
          .put("minor", each.minor())
          .put("op", each.operation())
          .put("value", each.bytes());
    }
    json.put("num_procs", 0);
    json.putObject("storage_stats");
    json.set("cpu_stats", cpu(Optional.of(stats.cpu())));
    json.set("precpu_stats", cpu(stats.previous()));
    ObjectNode memory = json.putObject("memory_stats");
    memory.put("usage", stats.memory().usage());
    if (stats.memory().maximum() > 0) {
      memory.put("max_usage", stats.memory().maximum());
    }
    ObjectNode details = memory.putObject("stats");
    new TreeMap<>(stats.memory().details()).forEach(details::put);
    memory.put("limit", stats.memory().limit());
    if (!stats.networks().isEmpty()) {
      ObjectNode networks = json.putObject("networks");
      new TreeMap<>(stats.networks()).forEach((name, each) -> networks.set(name, network(each)));
    }
    return json;
  }

  private static ObjectNode cpu(Optional<Stats.Cpu> sample) {
    ObjectNode json = Json.object();
    ObjectNode usage = json.putObject("cpu_usage");
    usage.put("total_usage", sample.map(Stats.Cpu::total).orElse(0L));
    usage.put("usage_in_kernelmode", sample.map(Stats.Cpu::kernel).orElse(0L));
    usage.put("usage_in_usermode", sample.map(Stats.Cpu::user).orElse(0L));
    sample.ifPresent(
        each -> json.put("system_cpu_usage", each.system()).put("online_cpus", each.online()));
    json.putObject("throttling_data")
        .put("periods", sample.map(Stats.Cpu::periods).orElse(0L))
        .put("throttled_periods", sample.map(Stats.Cpu::throttledPeriods).orElse(0L))
        .put("throttled_time", sample.map(Stats.Cpu::throttledTime).orElse(0L));
    return json;
  }

  private static ObjectNode network(Stats.Network network) {
    return Json.object()
        .put("rx_bytes", network.rxBytes())
        .put("rx_packets", network.rxPackets())
        .put("rx_errors", network.rxErrors())
        .put("rx_dropped", network.rxDropped())
        .put("tx_bytes", network.txBytes())
        .put("tx_packets", network.txPackets())
        .put("tx_errors", network.txErrors())
        .put("tx_dropped", network.txDropped());
  }
}
