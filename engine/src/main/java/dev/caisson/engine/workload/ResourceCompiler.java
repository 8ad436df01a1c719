/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.ResourceSpec.DeviceRate.Kind;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.ResourceLimit;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Turns limits as users write them into those of a workload. */
public final class ResourceCompiler {
  private ResourceCompiler() {}

  public static Resources compile(ResourceSpec spec, String cgroupParent) {
    return new Resources(
        memory(spec),
        cpu(spec),
        pids(spec),
        blockIo(spec),
        List.of(),
        cgroupParent,
        java.util.Map.of());
  }

  private static OptionalLong pids(ResourceSpec spec) {
    // Docker takes 0 for "no limit" too.
    return spec.pids().isPresent() && spec.pids().getAsLong() == 0
        ? OptionalLong.of(-1)
        : spec.pids();
  }

  private static Resources.Memory memory(ResourceSpec spec) {
    var swappiness =
        spec.memorySwappiness().isPresent() && spec.memorySwappiness().getAsLong() >= 0
            ? OptionalInt.of(Math.toIntExact(spec.memorySwappiness().getAsLong()))
            : OptionalInt.empty();
    return new Resources.Memory(
        positive(spec.memory()),
        unlessZero(spec.memorySwap()),
        positive(spec.memoryReservation()),
        swappiness,
        spec.oomKillDisable());
  }

  private static OptionalLong positive(OptionalLong value) {
    return value.isPresent() && value.getAsLong() > 0 ? value : OptionalLong.empty();
  }

  private static OptionalLong unlessZero(OptionalLong value) {
    return value.isPresent() && value.getAsLong() != 0 ? value : OptionalLong.empty();
  }

  private static Resources.Cpu cpu(ResourceSpec spec) {
    var nano = positive(spec.nanoCpus());
    if (nano.isPresent()) {
      if (positive(spec.cpuQuota()).isPresent() || positive(spec.cpuPeriod()).isPresent()) {
        throw EngineException.invalid(
            "Conflicting options: Nano CPUs and CPU quota or period cannot both be set",
            "use either --cpus or --cpu-quota with --cpu-period");
      }
      int processors = Runtime.getRuntime().availableProcessors();
      if (nano.getAsLong() > processors * 1_000_000_000L) {
        throw EngineException.invalid(
            "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available"
                .formatted(processors, processors),
            "ask for fewer processors");
      }
    }
    var limited = nano.isPresent() ? Resources.Cpu.nano(nano.getAsLong()) : Resources.Cpu.UNLIMITED;
    return new Resources.Cpu(
        positive(spec.cpuShares()),
        nano.isPresent() ? limited.quota() : unlessZero(spec.cpuQuota()),
        nano.isPresent() ? limited.period() : positive(spec.cpuPeriod()),
        unlessZero(spec.cpuRealtimeRuntime()),
        positive(spec.cpuRealtimePeriod()),
        spec.cpusetCpus().filter(text -> !text.isEmpty()),
        spec.cpusetMems().filter(text -> !text.isEmpty()));
  }

  private static Resources.BlockIo blockIo(ResourceSpec spec) {
    var weights = new ArrayList<Resources.DeviceRate>();
    for (var weight : spec.blkioWeightDevices()) {
      weights.add(rate(weight.path(), weight.weight()));
    }
    var weight =
        spec.blkioWeight().isPresent() && spec.blkioWeight().getAsInt() == 0
            ? OptionalInt.empty()
            : spec.blkioWeight();
    return new Resources.BlockIo(
        weight,
        weights,
        rates(spec, Kind.READ_BPS),
        rates(spec, Kind.WRITE_BPS),
        rates(spec, Kind.READ_IOPS),
        rates(spec, Kind.WRITE_IOPS));
  }

  private static List<Resources.DeviceRate> rates(ResourceSpec spec, Kind kind) {
    return spec.blkioRates().stream()
        .filter(rate -> rate.kind() == kind)
        .map(rate -> rate(rate.path(), rate.rate()))
        .toList();
  }

  private static Resources.DeviceRate rate(String path, long rate) {
    try {
      // The kernel's own encoding of a device number; sysmacros.h
      long device = ((Number) Files.getAttribute(Path.of(path), "unix:rdev")).longValue();
      int major = (int) ((device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL));
      int minor = (int) ((device & 0xff) | (device >>> 12 & ~0xffL));
      return new Resources.DeviceRate(major, minor, rate);
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.INVALID, "no such block device: " + path, "see lsblk", e);
    }
  }

  static Devices devices(ResourceSpec spec) {
    if (!spec.deviceRequests().isEmpty()) {
      throw EngineException.unsupported(
          "could not select device driver: device requests such as GPUs are not offered",
          "pass device nodes with --device");
    }
    var devices = new ArrayList<Devices.Device>();
    for (var device : spec.devices()) {
      var inner = device.containerPath().isEmpty() ? device.hostPath() : device.containerPath();
      var permissions = device.permissions().isEmpty() ? "rwm" : device.permissions();
      devices.addAll(nodes(Path.of(device.hostPath()), inner, permissions));
    }
    return new Devices(devices, spec.deviceRules().stream().map(Devices.Rule::parse).toList());
  }

  /** A directory stands for all nodes in it. */
  private static List<Devices.Device> nodes(Path source, String target, String permissions) {
    if (!Files.exists(source)) {
      throw EngineException.invalid(
          "error gathering device information while adding custom device \""
              + source
              + "\": no such file or directory",
          "name a device of the host");
    }
    if (!Files.isDirectory(source)) {
      return List.of(new Devices.Device(source, target, permissions));
    }
    var found = new ArrayList<Devices.Device>();
    try (var files = Files.walk(source, 4)) {
      files
          .filter(
              file -> Files.exists(file) && !Files.isDirectory(file) && !Files.isRegularFile(file))
          .forEach(file ->
              found.add(
                  new Devices.Device(file, target + "/" + source.relativize(file), permissions)));
    } catch (IOException e) {
      throw EngineException.io("cannot list the devices in " + source, e);
    }
    return found;
  }

  static List<ResourceLimit> limits(ResourceSpec spec) {
    return spec.ulimits().stream()
        .map(limit -> new ResourceLimit(limit.name(), limit.soft(), limit.hard()))
        .toList();
  }
}
