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

/** Writes limits to the files of cgroup v2. */
record UnifiedLimits(Path group) {

  void apply(Resources resources) {
    memory(resources.memory());
    cpu(resources.cpu());
    resources.pids().ifPresent(pids -> write("pids.max", Conversions.orMax(pids)));
    blockIo(resources.blockIo());
    for (Resources.HugePages pages : resources.hugePages()) {
      write("hugetlb." + pages.size() + ".max", Long.toString(pages.bytes()));
    }
    resources.unified().forEach(this::write);
  }

  private void memory(Resources.Memory memory) {
    if (memory.limit().isPresent()) {
      long limit = memory.limit().getAsLong();
      long swapTotal = memory.swapTotal().orElse(limit == -1 ? -1 : limit * 2);
      // Absent where the kernel accounts no swap.
      CgroupFile.writeIfPresent(
          group.resolve("memory.swap.max"), Conversions.swap(swapTotal, limit));
      write("memory.max", Conversions.orMax(limit));
    }
    memory.reservation().ifPresent(value -> write("memory.low", Long.toString(value)));
  }

  private void cpu(Resources.Cpu cpu) {
    cpu.shares().ifPresent(v -> write("cpu.weight", Long.toString(Conversions.cpuWeight(v))));
    if (cpu.quota().isPresent() || cpu.period().isPresent()) {
      String quota = cpu.quota().isPresent() ? Conversions.orMax(cpu.quota().getAsLong()) : "max";
      write("cpu.max", quota + " " + cpu.period().orElse(100_000));
    }
    cpu.cpus().ifPresent(v -> write("cpuset.cpus", v));
    cpu.memoryNodes().ifPresent(v -> write("cpuset.mems", v));
  }

  private void blockIo(Resources.BlockIo io) {
    if (io.weight().isPresent()) {
      int weight = io.weight().getAsInt();
      if (!CgroupFile.writeIfPresent(group.resolve("io.bfq.weight"), Integer.toString(weight))) {
        weight(Long.toString(Conversions.ioWeight(weight)));
      }
    }
    rates("rbps", io.readBytes());
    rates("wbps", io.writeBytes());
    rates("riops", io.reads());
    rates("wiops", io.writes());
    for (DeviceRate rate : io.weights()) {
      weight(rate.major() + ":" + rate.minor() + " " + Conversions.ioWeight(rate.rate()));
    }
  }

  /** A kernel that schedules no I/O by weight has no such file: {@link DiscardedLimits}. */
  private void weight(String value) {
    boolean hasController = Files.exists(group.resolve("io.max"));
    if (!hasController || Files.exists(group.resolve("io.weight"))) {
      write("io.weight", value);
    }
  }

  private void rates(String key, List<DeviceRate> rates) {
    for (DeviceRate rate : rates) {
      write("io.max", rate.major() + ":" + rate.minor() + " " + key + "=" + rate.rate());
    }
  }

  private void write(String file, String value) {
    Path path = group.resolve(file);
    if (!Files.exists(path)) {
      throw new CgroupException(
          file
              + " is missing in "
              + group
              + ": the controller is not delegated to this group, or"
              + " not in this kernel",
          new java.io.FileNotFoundException(file));
    }
    CgroupFile.write(path, value);
  }
}
