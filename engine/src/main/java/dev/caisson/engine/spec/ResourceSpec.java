/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Limits. Empty means not set; in an update, unchanged.
 *
 * @param memory bytes
 * @param memorySwap bytes of memory and swap together; -1 for unlimited
 * @param cpuShares 2 to 262,144, relative to 1,024
 * @param cpuPeriod microseconds
 * @param cpuQuota microseconds per period
 * @param nanoCpus billionths of a processor
 * @param cpusetCpus as {@code 0-2,4}
 * @param pids processes and threads; -1 for unlimited
 */
public record ResourceSpec(
    OptionalLong memory,
    OptionalLong memoryReservation,
    OptionalLong memorySwap,
    OptionalLong memorySwappiness,
    OptionalLong kernelMemory,
    boolean oomKillDisable,
    OptionalInt oomScoreAdjustment,
    OptionalLong cpuShares,
    OptionalLong cpuPeriod,
    OptionalLong cpuQuota,
    OptionalLong cpuRealtimePeriod,
    OptionalLong cpuRealtimeRuntime,
    OptionalLong nanoCpus,
    Optional<String> cpusetCpus,
    Optional<String> cpusetMems,
    OptionalLong pids,
    OptionalInt blkioWeight,
    List<DeviceWeight> blkioWeightDevices,
    List<DeviceRate> blkioRates,
    List<Ulimit> ulimits,
    List<Device> devices,
    List<String> deviceRules,
    List<DeviceRequest> deviceRequests) {
  public ResourceSpec {
    blkioWeightDevices = List.copyOf(blkioWeightDevices);
    blkioRates = List.copyOf(blkioRates);
    ulimits = List.copyOf(ulimits);
    devices = List.copyOf(devices);
    deviceRules = List.copyOf(deviceRules);
    deviceRequests = List.copyOf(deviceRequests);
  }

  public static ResourceSpec unlimited() {
    return new Builder().build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** As {@code nofile=1024:2048}; -1 for unlimited. */
  public record Ulimit(String name, long soft, long hard) {}

  /**
   * A device of the host.
   *
   * @param permissions some of {@code rwm}
   */
  public record Device(String hostPath, String containerPath, String permissions) {}

  /** GPUs and the like; no isolation offers them yet, so they are refused. */
  public record DeviceRequest(
      String driver, int count, List<String> deviceIds, List<List<String>> capabilities) {}

  public record DeviceWeight(String path, int weight) {}

  /** A bound on one block device. */
  public record DeviceRate(Kind kind, String path, long rate) {
    /** Bytes or operations per second. */
    public enum Kind {
      READ_BPS,
      WRITE_BPS,
      READ_IOPS,
      WRITE_IOPS
    }
  }

  /** Collects the limits that are set. */
  public static final class Builder {
    private OptionalLong memory = OptionalLong.empty();
    private OptionalLong memoryReservation = OptionalLong.empty();
    private OptionalLong memorySwap = OptionalLong.empty();
    private OptionalLong memorySwappiness = OptionalLong.empty();
    private OptionalLong kernelMemory = OptionalLong.empty();
    private boolean oomKillDisable;
    private OptionalInt oomScoreAdjustment = OptionalInt.empty();
    private OptionalLong cpuShares = OptionalLong.empty();
    private OptionalLong cpuPeriod = OptionalLong.empty();
    private OptionalLong cpuQuota = OptionalLong.empty();
    private OptionalLong cpuRealtimePeriod = OptionalLong.empty();
    private OptionalLong cpuRealtimeRuntime = OptionalLong.empty();
    private OptionalLong nanoCpus = OptionalLong.empty();
    private Optional<String> cpusetCpus = Optional.empty();
    private Optional<String> cpusetMems = Optional.empty();
    private OptionalLong pids = OptionalLong.empty();
    private OptionalInt blkioWeight = OptionalInt.empty();
    private List<DeviceWeight> blkioWeightDevices = List.of();
    private List<DeviceRate> blkioRates = List.of();
    private List<Ulimit> ulimits = List.of();
    private List<Device> devices = List.of();
    private List<String> deviceRules = List.of();
    private List<DeviceRequest> deviceRequests = List.of();

    private Builder() {}

    public Builder memory(long value) {
      memory = OptionalLong.of(value);
      return this;
    }

    public Builder memoryReservation(long value) {
      memoryReservation = OptionalLong.of(value);
      return this;
    }

    public Builder memorySwap(long value) {
      memorySwap = OptionalLong.of(value);
      return this;
    }

    public Builder memorySwappiness(long value) {
      memorySwappiness = OptionalLong.of(value);
      return this;
    }

    public Builder kernelMemory(long value) {
      kernelMemory = OptionalLong.of(value);
      return this;
    }

    public Builder oomKillDisable(boolean value) {
      oomKillDisable = value;
      return this;
    }

    public Builder oomScoreAdjustment(int value) {
      oomScoreAdjustment = OptionalInt.of(value);
      return this;
    }

    public Builder cpuShares(long value) {
      cpuShares = OptionalLong.of(value);
      return this;
    }

    public Builder cpuPeriod(long value) {
      cpuPeriod = OptionalLong.of(value);
      return this;
    }

    public Builder cpuQuota(long value) {
      cpuQuota = OptionalLong.of(value);
      return this;
    }

    public Builder cpuRealtimePeriod(long value) {
      cpuRealtimePeriod = OptionalLong.of(value);
      return this;
    }

    public Builder cpuRealtimeRuntime(long value) {
      cpuRealtimeRuntime = OptionalLong.of(value);
      return this;
    }

    public Builder nanoCpus(long value) {
      nanoCpus = OptionalLong.of(value);
      return this;
    }

    public Builder cpusetCpus(String value) {
      cpusetCpus = Optional.of(value);
      return this;
    }

    public Builder cpusetMems(String value) {
      cpusetMems = Optional.of(value);
      return this;
    }

    public Builder pids(long value) {
      pids = OptionalLong.of(value);
      return this;
    }

    public Builder blkioWeight(int value) {
      blkioWeight = OptionalInt.of(value);
      return this;
    }

    public Builder blkioWeightDevices(List<DeviceWeight> value) {
      blkioWeightDevices = value;
      return this;
    }

    public Builder blkioRates(List<DeviceRate> value) {
      blkioRates = value;
      return this;
    }

    public Builder ulimits(List<Ulimit> value) {
      ulimits = value;
      return this;
    }

    public Builder devices(List<Device> value) {
      devices = value;
      return this;
    }

    public Builder deviceRules(List<String> value) {
      deviceRules = value;
      return this;
    }

    public Builder deviceRequests(List<DeviceRequest> value) {
      deviceRequests = value;
      return this;
    }

    public ResourceSpec build() {
      return new ResourceSpec(
          memory,
          memoryReservation,
          memorySwap,
          memorySwappiness,
          kernelMemory,
          oomKillDisable,
          oomScoreAdjustment,
          cpuShares,
          cpuPeriod,
          cpuQuota,
          cpuRealtimePeriod,
          cpuRealtimeRuntime,
          nanoCpus,
          cpusetCpus,
          cpusetMems,
          pids,
          blkioWeight,
          blkioWeightDevices,
          blkioRates,
          ulimits,
          devices,
          deviceRules,
          deviceRequests);
    }
  }
}
