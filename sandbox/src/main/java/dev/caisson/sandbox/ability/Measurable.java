/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A sandbox whose use of the host can be measured. */
public interface Measurable {
  Usage usage();

  /** All of it at one moment; counters start with the run. */
  record Usage(
      Instant time,
      Cpu cpu,
      Memory memory,
      Tasks tasks,
      List<BlockDevice> blockDevices,
      Map<String, Interface> interfaces) {
    public Usage {
      blockDevices = List.copyOf(blockDevices);
      interfaces = Map.copyOf(interfaces);
    }
  }

  /**
   * Processor time in nanoseconds.
   *
   * @param perCpu by processor number; empty where the kernel does not tell (cgroup v2)
   * @param host what all processors of the host spent, idle time included, for percentages
   * @param periods bandwidth periods passed, of which {@code throttledPeriods} ran out of quota
   */
  record Cpu(
      long total,
      long user,
      long kernel,
      List<Long> perCpu,
      long host,
      int online,
      long periods,
      long throttledPeriods,
      long throttledTime) {
    public Cpu {
      perCpu = List.copyOf(perCpu);
    }
  }

  /**
   * Memory in bytes.
   *
   * @param usage including page cache, as the kernel charges it
   * @param peak 0 where the kernel does not tell
   * @param limit what holds: the workload's, or the host's memory
   * @param failures how often the limit was hit
   * @param details the kernel's own memory.stat, names as it gives them
   */
  record Memory(long usage, long peak, long limit, long failures, Map<String, Long> details) {
    public Memory {
      details = Map.copyOf(details);
    }
  }

  /**
   * Processes and threads.
   *
   * @param limit -1 when there is none
   */
  record Tasks(long current, long limit) {}

  /** Bytes and requests since the start on one block device. */
  record BlockDevice(
      int major, int minor, long readBytes, long writtenBytes, long reads, long writes) {}

  /** One network interface as the workload sees it. */
  record Interface(
      long receivedBytes,
      long receivedPackets,
      long receiveErrors,
      long receiveDrops,
      long sentBytes,
      long sentPackets,
      long sendErrors,
      long sendDrops) {}
}
