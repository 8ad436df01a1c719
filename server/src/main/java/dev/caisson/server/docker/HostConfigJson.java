/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.ResourceSpec.DeviceRate.Kind;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.server.http.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The HostConfig of {@code inspect}: what was asked for at create, under the names it was asked
 * with.
 */
final class HostConfigJson {
  private HostConfigJson() {}

  static ObjectNode of(InstanceSpec spec, String isolation) {
    ObjectNode json = Json.object();
    storage(json, spec);
    json.put("ContainerIDFile", "");
    ObjectNode log = json.putObject("LogConfig");
    log.put("Type", spec.log().driver().isEmpty() ? "json-file" : spec.log().driver());
    log.set("Config", Json.strings(spec.log().options()));
    networking(json, spec);
    json.putObject("RestartPolicy")
        .put("Name", spec.restartPolicy().name().toString())
        .put("MaximumRetryCount", spec.restartPolicy().maximumRetries());
    json.put("AutoRemove", spec.autoRemove());
    json.set("ConsoleSize", consoleSize(spec));
    json.set("Annotations", spec.annotations().isEmpty() ? null : Json.strings(spec.annotations()));
    security(json, spec);
    namespaces(json, spec);
    json.put("Runtime", isolation);
    json.put("Isolation", isolation);
    spec.init().ifPresent(init -> json.put("Init", init));
    resources(json, spec.resources());
    return json;
  }

  private static ArrayNode consoleSize(InstanceSpec spec) {
    ArrayNode size = Json.array();
    size.add(spec.process().consoleSize().map(each -> each.rows()).orElse(0));
    size.add(spec.process().consoleSize().map(each -> each.columns()).orElse(0));
    return size;
  }

  private static void storage(ObjectNode json, InstanceSpec spec) {
    boolean asWritten = spec.storage().written().isPresent();
    StorageSpec.Written written =
        spec.storage().written().orElseGet(() -> new StorageSpec.Written(List.of(), Map.of()));
    List<MountSpec> all = spec.storage().mounts();
    List<String> binds = new ArrayList<>(written.binds());
    ArrayNode mounts = Json.array();
    ObjectNode tmpfs = Json.strings(written.tmpfs());
    for (MountSpec mount :
        all.subList(written.binds().size(), all.size() - written.tmpfs().size())) {
      switch (mount) {
        case MountSpec.Bind bind when bind.createSource() && !asWritten ->
            binds.add(bindText(bind.source(), bind, bind.propagation()));
        case MountSpec.Volume volume when isPlain(volume) && !asWritten ->
            binds.add(bindText(volume.name(), volume, volume.noCopy() ? "nocopy" : ""));
        default -> mounts.add(mount(mount));
      }
    }
    json.set("Binds", binds.isEmpty() ? null : Json.strings(binds));
    if (!mounts.isEmpty()) {
      json.set("Mounts", mounts);
    }
    if (!tmpfs.isEmpty()) {
      json.set("Tmpfs", tmpfs);
    }
    json.set(
        "VolumesFrom",
        spec.storage().volumesFrom().isEmpty() ? null : Json.strings(spec.storage().volumesFrom()));
    json.put("VolumeDriver", spec.storage().volumeDriver().orElse(""));
    json.put("ReadonlyRootfs", spec.storage().readOnlyRoot());
    json.put("ShmSize", spec.storage().shmSize() > 0 ? spec.storage().shmSize() : 64L << 20);
    json.set(
        "StorageOpt",
        spec.storage().options().isEmpty() ? null : Json.strings(spec.storage().options()));
  }

  private static boolean isPlain(MountSpec.Volume volume) {
    return !volume.name().isEmpty()
        && volume.subpath().isEmpty()
        && volume.driverOptions().isEmpty()
        && volume.labels().isEmpty()
        && volume.driver().equals("local");
  }

  private static String bindText(String source, MountSpec mount, String option) {
    String text = source + ":" + mount.target() + (mount.readOnly() ? ":ro" : "");
    return option.isEmpty() ? text : text + (mount.readOnly() ? "," : ":") + option;
  }

  private static ObjectNode mount(MountSpec mount) {
    ObjectNode json = Json.object();
    json.put("Target", mount.target());
    if (mount.readOnly()) {
      json.put("ReadOnly", true);
    }
    switch (mount) {
      case MountSpec.Bind bind -> {
        json.put("Type", "bind").put("Source", bind.source());
        if (!bind.propagation().isEmpty() || bind.nonRecursive() || bind.createSource()) {
          json.putObject("BindOptions")
              .put("Propagation", bind.propagation())
              .put("NonRecursive", bind.nonRecursive())
              .put("CreateMountpoint", bind.createSource());
        }
      }
      case MountSpec.Volume volume -> volume(json, volume);
      case MountSpec.Tmpfs memory -> tmpfs(json, memory);
      case MountSpec.Image image -> {
        json.put("Type", "image").put("Source", image.source());
        json.putObject("ImageOptions").put("Subpath", image.subpath());
      }
    }
    return json;
  }

  private static void volume(ObjectNode json, MountSpec.Volume volume) {
    json.put("Type", "volume").put("Source", volume.name());
    if (isPlain(volume) && !volume.noCopy()) {
      return;
    }
    ObjectNode options = json.putObject("VolumeOptions");
    options.put("NoCopy", volume.noCopy()).put("Subpath", volume.subpath());
    options.set("Labels", Json.strings(volume.labels()));
    ObjectNode driver = options.putObject("DriverConfig").put("Name", volume.driver());
    driver.set("Options", Json.strings(volume.driverOptions()));
  }

  private static void tmpfs(ObjectNode json, MountSpec.Tmpfs memory) {
    json.put("Type", "tmpfs");
    if (memory.size().isEmpty() && memory.mode().isEmpty() && memory.options().isEmpty()) {
      return;
    }
    ObjectNode options = json.putObject("TmpfsOptions");
    memory.size().ifPresent(size -> options.put("SizeBytes", size));
    memory.mode().ifPresent(mode -> options.put("Mode", mode));
    if (!memory.options().isEmpty()) {
      ArrayNode list = options.putArray("Options");
      for (String option : memory.options().split(",")) {
        list.add(Json.strings(List.of(option.split("=", 2))));
      }
    }
  }

  private static void networking(ObjectNode json, InstanceSpec spec) {
    var networking = spec.networking();
    json.put("NetworkMode", networking.mode());
    ObjectNode ports = json.putObject("PortBindings");
    for (PortBinding binding : networking.published()) {
      String port = binding.port().toString();
      ArrayNode list = ports.get(port) instanceof ArrayNode known ? known : ports.putArray(port);
      list.add(NetworkJson.binding(binding));
    }
    json.put("PublishAllPorts", networking.publishAll());
    json.set("Dns", Json.strings(networking.dns()));
    json.set("DnsOptions", Json.strings(networking.dnsOptions()));
    json.set("DnsSearch", Json.strings(networking.dnsSearch()));
    json.set(
        "ExtraHosts",
        networking.extraHosts().isEmpty() ? null : Json.strings(networking.extraHosts()));
    json.set("Links", networking.links().isEmpty() ? null : Json.strings(networking.links()));
  }

  private static void security(ObjectNode json, InstanceSpec spec) {
    var security = spec.security();
    json.set("CapAdd", orNull(security.capabilitiesAdded()));
    json.set("CapDrop", orNull(security.capabilitiesDropped()));
    json.set("GroupAdd", orNull(security.groups()));
    json.put("Privileged", security.privileged());
    json.set("SecurityOpt", orNull(security.options()));
    security.maskedPaths().ifPresent(paths -> json.set("MaskedPaths", Json.strings(paths)));
    security.readOnlyPaths().ifPresent(paths -> json.set("ReadonlyPaths", Json.strings(paths)));
  }

  private static void namespaces(ObjectNode json, InstanceSpec spec) {
    var namespaces = spec.namespaces();
    json.put("CgroupnsMode", namespaces.cgroup().isEmpty() ? "private" : namespaces.cgroup());
    json.put("IpcMode", namespaces.ipc().isEmpty() ? "private" : namespaces.ipc());
    json.put("Cgroup", "");
    json.put("PidMode", namespaces.pid());
    json.put("UTSMode", namespaces.uts());
    json.put("UsernsMode", namespaces.user());
    json.put("CgroupParent", namespaces.cgroupParent());
    if (!namespaces.sysctls().isEmpty()) {
      json.set("Sysctls", Json.strings(new TreeMap<>(namespaces.sysctls())));
    }
  }

  private static void resources(ObjectNode json, ResourceSpec limits) {
    memory(json, limits);
    processors(json, limits);
    limits
        .pids()
        .ifPresentOrElse(value -> json.put("PidsLimit", value), () -> json.putNull("PidsLimit"));
    blockDevices(json, limits);
    devices(json, limits);
    ArrayNode ulimits = json.putArray("Ulimits");
    limits
        .ulimits()
        .forEach(each ->
            ulimits
                .addObject()
                .put("Name", each.name())
                .put("Soft", each.soft())
                .put("Hard", each.hard()));
  }

  private static void memory(ObjectNode json, ResourceSpec limits) {
    number(json, "Memory", limits.memory());
    number(json, "MemoryReservation", limits.memoryReservation());
    number(json, "MemorySwap", limits.memorySwap());
    limits
        .memorySwappiness()
        .ifPresentOrElse(
            value -> json.put("MemorySwappiness", value), () -> json.putNull("MemorySwappiness"));
    json.put("OomKillDisable", limits.oomKillDisable());
    json.put("OomScoreAdj", limits.oomScoreAdjustment().orElse(0));
    number(json, "KernelMemory", limits.kernelMemory());
  }

  private static void processors(ObjectNode json, ResourceSpec limits) {
    number(json, "CpuShares", limits.cpuShares());
    number(json, "CpuPeriod", limits.cpuPeriod());
    number(json, "CpuQuota", limits.cpuQuota());
    number(json, "CpuRealtimePeriod", limits.cpuRealtimePeriod());
    number(json, "CpuRealtimeRuntime", limits.cpuRealtimeRuntime());
    number(json, "NanoCpus", limits.nanoCpus());
    json.put("CpusetCpus", limits.cpusetCpus().orElse(""));
    json.put("CpusetMems", limits.cpusetMems().orElse(""));
  }

  private static void blockDevices(ObjectNode json, ResourceSpec limits) {
    integer(json, "BlkioWeight", limits.blkioWeight());
    ArrayNode weights = json.putArray("BlkioWeightDevice");
    limits
        .blkioWeightDevices()
        .forEach(each -> weights.addObject().put("Path", each.path()).put("Weight", each.weight()));
    json.set("BlkioDeviceReadBps", rates(limits, Kind.READ_BPS));
    json.set("BlkioDeviceWriteBps", rates(limits, Kind.WRITE_BPS));
    json.set("BlkioDeviceReadIOps", rates(limits, Kind.READ_IOPS));
    json.set("BlkioDeviceWriteIOps", rates(limits, Kind.WRITE_IOPS));
  }

  private static void devices(ObjectNode json, ResourceSpec limits) {
    ArrayNode devices = json.putArray("Devices");
    limits
        .devices()
        .forEach(each ->
            devices
                .addObject()
                .put("PathOnHost", each.hostPath())
                .put("PathInContainer", each.containerPath())
                .put("CgroupPermissions", each.permissions()));
    json.set("DeviceCgroupRules", orNull(limits.deviceRules()));
    json.putNull("DeviceRequests");
  }

  private static ArrayNode rates(ResourceSpec limits, Kind kind) {
    ArrayNode list = Json.array();
    limits.blkioRates().stream()
        .filter(each -> each.kind() == kind)
        .forEach(each -> list.addObject().put("Path", each.path()).put("Rate", each.rate()));
    return list;
  }

  private static void number(ObjectNode json, String name, OptionalLong value) {
    json.put(name, value.orElse(0));
  }

  private static void integer(ObjectNode json, String name, OptionalInt value) {
    json.put(name, value.orElse(0));
  }

  private static @Nullable ArrayNode orNull(List<String> values) {
    return values.isEmpty() ? null : Json.strings(values);
  }
}
