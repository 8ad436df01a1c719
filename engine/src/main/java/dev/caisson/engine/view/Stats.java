/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container uses. Counters run since its start.
 *
 * @param previous processor use one sample earlier, to tell a rate
 * @param networks by interface
 */
public record Stats(
    String id,
    String name,
    Instant read,
    Optional<Instant> previousRead,
    Cpu cpu,
    Optional<Cpu> previous,
    Memory memory,
    Pids pids,
    List<BlockIo> blockIo,
    Map<String, Network> networks) {
  /**
   * Nanoseconds.
   *
   * @param system of the whole host
   */
  public record Cpu(
      long total,
      long user,
      long kernel,
      long system,
      int online,
      long periods,
      long throttledPeriods,
      long throttledTime) {}

  /**
   * Bytes.
   *
   * @param limit that of the container, or the host's memory
   * @param details counters by the kernel's own names
   */
  public record Memory(
      long usage, long maximum, long limit, long failures, Map<String, Long> details) {}

  /**
   * @param limit 0 for none
   */
  public record Pids(long current, long limit) {}

  /**
   * Bytes moved from or to one device.
   *
   * @param operation {@code read} or {@code write}
   */
  public record BlockIo(long major, long minor, String operation, long bytes) {}

  public record Network(
      long rxBytes,
      long rxPackets,
      long rxErrors,
      long rxDropped,
      long txBytes,
      long txPackets,
      long txErrors,
      long txDropped) {}

  /** Share of one processor times 100 since the previous sample; 0 without one. */
  public double cpuPercent() {
    if (previous.isEmpty() || cpu.system <= previous.get().system) {
      return 0;
    }
    double own = cpu.total - previous.get().total;
    return own / (cpu.system - previous.get().system) * cpu.online * 100;
  }
}
