/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Workload;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a guest said last before it was paused: while it stands still, it is asked nothing, and
 * nothing changes.
 */
record Stillness(GuestProcesses processes, Measurable.Usage seen) {
  /** Of a guest that still runs; empty lists of one that does not answer. */
  static Stillness of(ThinRun run, Workload workload) {
    try {
      return new Stillness(GuestProcesses.of(run), GuestStatistics.usage(run, workload));
    } catch (SandboxException e) { // one that is stuck can be paused all the same
      return new Stillness(new GuestProcesses(List.of(), 0, 0), unknown(run, workload));
    }
  }

  private static Measurable.Usage unknown(ThinRun run, Workload workload) {
    return new Measurable.Usage(
        Instant.now(),
        GuestStatistics.cpu(run),
        new Measurable.Memory(0, 0, MachineParts.memory(workload.resources()), 0, Map.of()),
        new Measurable.Tasks(0, -1),
        List.of(),
        Map.of());
  }

  /** As of now: what the host pays goes on being measured. */
  Measurable.Usage usage(ThinRun run) {
    return new Measurable.Usage(
        Instant.now(),
        GuestStatistics.cpu(run),
        seen.memory(),
        seen.tasks(),
        seen.blockDevices(),
        seen.interfaces());
  }
}
