/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Resources.DeviceRate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Writes limits to the files of cgroup v1. Documentation/admin-guide/cgroup-v1 */
record LegacyLimits(Map<String, Path> groups) {

  /**
   * @param changing whether limits are set already, so that the order of lowering and raising
   *     matters
   */
  void apply(Resources resources, boolean changing) {
    memory(resources.memory(), changing);
    cpu(resources.cpu());
    resources.pids().ifPresent(pids -> write("pids", "pids.max", Conversions.orMax(pids)));
    blockIo(resources.blockIo());
    for (Resources.HugePages pages : resources.hugePages()) {
      write("hugetlb", "hugetlb." + pages.size() + ".limit_in_bytes", pages.bytes());
    }
  }

  private void memory(Resources.Memory memory, boolean changing) {
    if (memory.limit().isPresent()) {
      limit(memory.limit().getAsLong(), swapTotal(memory), changing);
    }
    memory.reservation().ifPresent(v -> write("memory", "memory.soft_limit_in_bytes", v));
    memory.swappiness().ifPresent(v -> write("memory", "memory.swappiness", v));
    if (memory.oomKillDisable()) {
      write("memory", "memory.oom_control", 1);
    }
  }

  /** Unless said otherwise, as much swap again as memory, as Docker has it. */
  private static long swapTotal(Resources.Memory memory) {
    long limit = memory.limit().orElseThrow();
    return memory.swapTotal().orElse(limit == -1 ? -1 : limit * 2);
  }

  /** The kernel holds memory at most memory and swap at every moment, so the order depends. */
  private void limit(long limit, long swapTotal, boolean changing) {
    Path group = groups.get("memory");
    OptionalLong now =
        group == null
            ? OptionalLong.empty()
            : CgroupFile.number(group.resolve("memory.memsw.limit_in_bytes"));
    boolean swap = now.isPresent(); // else the kernel accounts none
    boolean raising =
        changing
            && swap
            && (swapTotal == -1 || Long.compareUnsigned(now.getAsLong(), swapTotal) < 0);
    if (raising) {
      write("memory", "memory.memsw.limit_in_bytes", swapTotal);
    }
    write("memory", "memory.limit_in_bytes", limit);
    if (!raising && swap) {
      write("memory", "memory.memsw.limit_in_bytes", swapTotal);
    }
  }

  private void cpu(Resources.Cpu cpu) {
    cpu.shares().ifPresent(v -> write("cpu", "cpu.shares", Math.max(2, v)));
    cpu.period().ifPresent(v -> write("cpu", "cpu.cfs_period_us", v));
    cpu.quota().ifPresent(v -> write("cpu", "cpu.cfs_quota_us", v));
    cpu.realtimePeriod().ifPresent(v -> write("cpu", "cpu.rt_period_us", v));
    cpu.realtimeRuntime().ifPresent(v -> write("cpu", "cpu.rt_runtime_us", v));
    cpu.cpus().ifPresent(v -> write("cpuset", "cpuset.cpus", v));
    cpu.memoryNodes().ifPresent(v -> write("cpuset", "cpuset.mems", v));
  }

  private void blockIo(Resources.BlockIo io) {
    // CFQ's names went with CFQ; BFQ's are what remains. A kernel with neither: DiscardedLimits
    weightFile("blkio.weight", DiscardedLimits.BFQ_WEIGHT)
        .ifPresent(file -> io.weight().ifPresent(weight -> write("blkio", file, weight)));
    weightFile("blkio.weight_device", DiscardedLimits.BFQ_WEIGHT_DEVICE)
        .ifPresent(file -> rates(file, io.weights()));
    rates("blkio.throttle.read_bps_device", io.readBytes());
    rates("blkio.throttle.write_bps_device", io.writeBytes());
    rates("blkio.throttle.read_iops_device", io.reads());
    rates("blkio.throttle.write_iops_device", io.writes());
  }

  private Optional<String> weightFile(String... names) {
    Path group = groups.get("blkio");
    return group == null
        ? Optional.of(names[0]) // so that writing it says what is missing
        : Stream.of(names).filter(name -> Files.exists(group.resolve(name))).findFirst();
  }

  private void rates(String file, List<DeviceRate> rates) {
    for (DeviceRate rate : rates) {
      write("blkio", file, rate.major() + ":" + rate.minor() + " " + rate.rate());
    }
  }

  private void write(String controller, String file, long value) {
    write(controller, file, Long.toString(value));
  }

  private void write(String controller, String file, String value) {
    Path group = groups.get(controller);
    if (group == null) {
      throw new CgroupException(
          controller
              + " cannot be limited: this host has no such control group hierarchy, or the"
              + " container was started without one; it would be needed for "
              + file,
          new java.io.FileNotFoundException(file));
    }
    CgroupFile.write(group.resolve(file), value);
  }
}
