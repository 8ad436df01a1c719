/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How much of the host a workload may use. Empty means not limited, or on update: not changed.
 *
 * @param pids processes and threads, or -1 for no limit
 * @param cgroupParent the control group to stand below, or empty for Caisson's own
 * @param unified files of cgroup v2 by name, written as they are
 */
public record Resources(
    Memory memory,
    Cpu cpu,
    OptionalLong pids,
    BlockIo blockIo,
    List<HugePages> hugePages,
    String cgroupParent,
    Map<String, String> unified) {

  public static final Resources UNLIMITED =
      new Resources(
          Memory.UNLIMITED,
          Cpu.UNLIMITED,
          OptionalLong.empty(),
          BlockIo.UNLIMITED,
          List.of(),
          "",
          Map.of());

  public Resources {
    hugePages = List.copyOf(hugePages);
    unified = Map.copyOf(unified);
    unified.keySet().forEach(Resources::checkFile);
    Text.checkNoNul("cgroup parent", cgroupParent);
    if (List.of(cgroupParent.split("/")).contains("..")) {
      throw SandboxException.invalid("cgroup parent " + cgroupParent, "must not contain \"..\"");
    }
  }

  private static void checkFile(String name) {
    if (!name.matches("[a-z0-9_]+(\\.[A-Za-z0-9_]+)+")) {
      throw SandboxException.invalid("cgroup file \"" + name + "\"", "is not a file's name");
    }
  }

  /** What of this takes a control group to hold, in words; empty where nothing is limited. */
  public List<String> limited() {
    var limited = new ArrayList<String>();
    boolean unboundMemory =
        new Memory(
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalInt.empty(),
                memory.oomKillDisable())
            .equals(memory);
    if (!unboundMemory && memory.limit().orElse(0) != -1) {
      limited.add("memory");
    }
    if (!cpu.equals(Cpu.UNLIMITED)) {
      limited.add("processor");
    }
    if (pids.orElse(-1) != -1) {
      limited.add("process");
    }
    if (!blockIo.equals(BlockIo.UNLIMITED)) {
      limited.add("block I/O");
    }
    if (!hugePages.isEmpty()) {
      limited.add("huge page");
    }
    if (!unified.isEmpty()) {
      limited.add("control group");
    }
    return limited;
  }

  public Resources withMemory(Memory value) {
    return new Resources(value, cpu, pids, blockIo, hugePages, cgroupParent, unified);
  }

  public Resources withCpu(Cpu value) {
    return new Resources(memory, value, pids, blockIo, hugePages, cgroupParent, unified);
  }

  public Resources withPids(long value) {
    return new Resources(
        memory, cpu, OptionalLong.of(value), blockIo, hugePages, cgroupParent, unified);
  }

  public Resources withBlockIo(BlockIo value) {
    return new Resources(memory, cpu, pids, value, hugePages, cgroupParent, unified);
  }

  public Resources withCgroupParent(String value) {
    return new Resources(memory, cpu, pids, blockIo, hugePages, value, unified);
  }

  /**
   * Memory in bytes.
   *
   * @param limit at least 6 MiB, as Docker asks, or -1 for none
   * @param swapTotal memory and swap together, -1 for unlimited swap
   * @param reservation what is left to it when the host runs short
   * @param swappiness 0 to 100
   * @param oomKillDisable makes processes wait for memory instead; cgroup v1 only
   */
  public record Memory(
      OptionalLong limit,
      OptionalLong swapTotal,
      OptionalLong reservation,
      OptionalInt swappiness,
      boolean oomKillDisable) {
    public static final Memory UNLIMITED =
        new Memory(
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalInt.empty(),
            false);

    private static final long LEAST = 6L << 20;

    public Memory {
      if (limit.isPresent() && limit.getAsLong() != -1 && limit.getAsLong() < LEAST) {
        throw SandboxException.invalid(
            "memory limit " + limit.getAsLong(), "must be 6 MiB or more");
      }
      if (swapTotal.isPresent() && swapTotal.getAsLong() != -1) {
        if (limit.isEmpty()) {
          throw SandboxException.invalid("memory and swap", "needs a memory limit too");
        }
        if (swapTotal.getAsLong() < limit.getAsLong()) {
          throw SandboxException.invalid("memory and swap", "must not be below the memory limit");
        }
      }
      if (reservation.isPresent()
          && limit.isPresent()
          && limit.getAsLong() != -1
          && reservation.getAsLong() > limit.getAsLong()) {
        throw SandboxException.invalid("memory reservation", "must not be above the limit");
      }
      if (swappiness.isPresent() && (swappiness.getAsInt() < 0 || swappiness.getAsInt() > 100)) {
        throw SandboxException.invalid("swappiness " + swappiness.getAsInt(), "must be 0 to 100");
      }
    }

    /** A hard limit; swap is then as much again, as with Docker. */
    public static Memory limit(long bytes) {
      return new Memory(
          OptionalLong.of(bytes),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalInt.empty(),
          false);
    }
  }

  /**
   * Processor time.
   *
   * @param shares 2 to 262,144; 1,024 is one workload's normal weight
   * @param quota microseconds of each period, at least 1,000, or -1 for none
   * @param period microseconds, 1,000 to 1,000,000
   * @param realtimeRuntime microseconds of real-time scheduling in each {@code realtimePeriod}
   * @param cpus such as {@code 0-2,4}; empty for all
   * @param memoryNodes the same for memory nodes
   */
  public record Cpu(
      OptionalLong shares,
      OptionalLong quota,
      OptionalLong period,
      OptionalLong realtimeRuntime,
      OptionalLong realtimePeriod,
      Optional<String> cpus,
      Optional<String> memoryNodes) {
    public static final Cpu UNLIMITED =
        new Cpu(
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty());

    public Cpu {
      // As Docker: 0 and 1 mean the kernel's least, 2.
      checkRange("cpu shares", shares, 0, 262_144);
      if (quota.isPresent() && quota.getAsLong() != -1) {
        checkRange("cpu quota", quota, 1_000, Long.MAX_VALUE);
      }
      checkRange("cpu period", period, 1_000, 1_000_000);
      cpus.ifPresent(text -> checkSet("cpus", text));
      memoryNodes.ifPresent(text -> checkSet("memory nodes", text));
    }

    private static void checkRange(String subject, OptionalLong value, long least, long most) {
      if (value.isPresent() && (value.getAsLong() < least || value.getAsLong() > most)) {
        throw SandboxException.invalid(
            subject + " " + value.getAsLong(), "must be " + least + " to " + most);
      }
    }

    private static void checkSet(String subject, String text) {
      if (!text.matches("[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*")) {
        throw SandboxException.invalid(subject + " \"" + text + "\"", "is not like 0-2,4");
      }
    }

    /** So many processors, in thousand-millionths: Docker's NanoCpus. */
    public static Cpu nano(long nanoCpus) {
      return new Cpu(
          OptionalLong.empty(),
          OptionalLong.of(Math.max(1_000, nanoCpus / 10_000)),
          OptionalLong.of(100_000),
          OptionalLong.empty(),
          OptionalLong.empty(),
          Optional.empty(),
          Optional.empty());
    }
  }

  /**
   * Block devices.
   *
   * @param weight 10 to 1,000
   */
  public record BlockIo(
      OptionalInt weight,
      List<DeviceRate> weights,
      List<DeviceRate> readBytes,
      List<DeviceRate> writeBytes,
      List<DeviceRate> reads,
      List<DeviceRate> writes) {
    public static final BlockIo UNLIMITED =
        new BlockIo(OptionalInt.empty(), List.of(), List.of(), List.of(), List.of(), List.of());

    public BlockIo {
      weights = List.copyOf(weights);
      readBytes = List.copyOf(readBytes);
      writeBytes = List.copyOf(writeBytes);
      reads = List.copyOf(reads);
      writes = List.copyOf(writes);
      if (weight.isPresent() && (weight.getAsInt() < 10 || weight.getAsInt() > 1_000)) {
        throw SandboxException.invalid("block I/O weight", "must be 10 to 1000");
      }
    }
  }

  /**
   * A figure for one block device.
   *
   * @param rate bytes or requests a second, or a weight
   */
  public record DeviceRate(int major, int minor, long rate) {}

  /**
   * Huge pages of one size.
   *
   * @param size as the kernel writes it: "2MB", "1GB"
   */
  public record HugePages(String size, long bytes) {
    public HugePages {
      if (!size.matches("[0-9]{1,5}[KMG]B") || bytes < 0) {
        throw SandboxException.invalid("huge pages " + size, "size or limit is out of range");
      }
    }
  }
}
