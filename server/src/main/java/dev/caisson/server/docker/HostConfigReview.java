/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.server.http.HttpException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a create body asks for that this engine does not do. What would change how the workload runs
 * is refused; what only tunes it, or names something this engine arranges differently, is a warning
 * of the answer. Nothing is dropped in silence.
 *
 * <p>Source: HostConfig of the Docker Engine API, v1.51.
 */
final class HostConfigReview {
  /** Every field, so that a misspelt or newer one can be told. */
  static final Set<String> KNOWN =
      Set.of(
          "Annotations",
          "AutoRemove",
          "Binds",
          "BlkioDeviceReadBps",
          "BlkioDeviceReadIOps",
          "BlkioDeviceWriteBps",
          "BlkioDeviceWriteIOps",
          "BlkioWeight",
          "BlkioWeightDevice",
          "CapAdd",
          "CapDrop",
          "Capabilities",
          "Cgroup",
          "CgroupParent",
          "CgroupnsMode",
          "ConsoleSize",
          "ContainerIDFile",
          "CpuCount",
          "CpuPercent",
          "CpuPeriod",
          "CpuQuota",
          "CpuRealtimePeriod",
          "CpuRealtimeRuntime",
          "CpuShares",
          "CpusetCpus",
          "CpusetMems",
          "DeviceCgroupRules",
          "DeviceRequests",
          "Devices",
          "DiskQuota",
          "Dns",
          "DnsOptions",
          "DnsSearch",
          "ExtraHosts",
          "GroupAdd",
          "IOMaximumBandwidth",
          "IOMaximumIOps",
          "Init",
          "IpcMode",
          "Isolation",
          "KernelMemory",
          "KernelMemoryTCP",
          "Links",
          "LogConfig",
          "LxcConf",
          "MaskedPaths",
          "Memory",
          "MemoryReservation",
          "MemorySwap",
          "MemorySwappiness",
          "Mounts",
          "NanoCpus",
          "NetworkMode",
          "OomKillDisable",
          "OomScoreAdj",
          "PidMode",
          "PidsLimit",
          "PortBindings",
          "Privileged",
          "PublishAllPorts",
          "ReadonlyPaths",
          "ReadonlyRootfs",
          "RestartPolicy",
          "Runtime",
          "SecurityOpt",
          "ShmSize",
          "StorageOpt",
          "Sysctls",
          "Tmpfs",
          "UTSMode",
          "Ulimits",
          "UsernsMode",
          "VolumeDriver",
          "VolumesFrom");

  private static final Set<String> OF_WINDOWS =
      Set.of("CpuCount", "CpuPercent", "IOMaximumBandwidth", "IOMaximumIOps");
  private static final Set<String> REFUSED = Set.of("Cgroup", "Capabilities", "DiskQuota");
  private static final Set<String> LOG_OPTIONS = Set.of("max-size", "max-file");
  private static final Set<String> LOG_OPTIONS_WITHOUT_EFFECT =
      Set.of(
          "compress",
          "env",
          "env-regex",
          "labels",
          "labels-regex",
          "max-buffer-size",
          "mode",
          "tag");

  private HostConfigReview() {}

  /**
   * @return warnings for the create answer
   * @throws HttpException 400 naming the field
   */
  static List<String> review(Body config) {
    Body host = config.object("HostConfig");
    List<String> warnings = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : host.node().properties()) {
      if (!isEmpty(field.getValue())) {
        review(field.getKey(), warnings);
      }
    }
    log(host.object("LogConfig"), warnings);
    host.objects("Mounts", mount -> mount).forEach(HostConfigReview::mount);
    config
        .object("NetworkingConfig")
        .objectMap("EndpointsConfig", endpoint -> endpoint)
        .forEach((name, endpoint) -> endpoint(name, endpoint, warnings));
    return warnings;
  }

  private static void review(String field, List<String> warnings) {
    if (OF_WINDOWS.contains(field)) {
      throw HttpException.badRequest("HostConfig." + field + " is for Windows containers");
    }
    if (REFUSED.contains(field)) {
      throw HttpException.badRequest(
          "HostConfig." + field + " is not supported: leave it out or empty");
    }
    if (!KNOWN.contains(field)) {
      warnings.add("HostConfig." + field + " is unknown to this engine; it was discarded.");
    }
    switch (field) {
      case "KernelMemoryTCP" ->
          warnings.add("Kernel memory TCP limits are gone from the kernel; it was discarded.");
      case "Links" ->
          warnings.add("Links have no effect: containers of one network find each other by name.");
      case "LxcConf" -> warnings.add("LxcConf has no effect; it was discarded.");
      default -> {}
    }
  }

  private static void log(Body log, List<String> warnings) {
    for (String option : log.stringMap("Config").keySet()) {
      if (LOG_OPTIONS_WITHOUT_EFFECT.contains(option)) {
        warnings.add("The log option " + option + " has no effect here.");
      } else if (!LOG_OPTIONS.contains(option)) {
        throw HttpException.badRequest("unknown log opt '" + option + "' for json-file log driver");
      }
    }
  }

  private static void mount(Body mount) {
    Body bind = mount.object("BindOptions");
    if (bind.flag("ReadOnlyForceRecursive")) {
      throw HttpException.badRequest(
          mount.path() + ".BindOptions.ReadOnlyForceRecursive is not supported: leave it out");
    }
  }

  private static void endpoint(String network, Body endpoint, List<String> warnings) {
    if (!endpoint.strings("Links").isEmpty()) {
      warnings.add("Links in network " + network + " have no effect: use Aliases.");
    }
    if (!endpoint.stringMap("DriverOpts").isEmpty()) {
      warnings.add("DriverOpts in network " + network + " have no effect; they were discarded.");
    }
    if (!endpoint.object("IPAMConfig").strings("LinkLocalIPs").isEmpty()) {
      warnings.add("LinkLocalIPs in network " + network + " have no effect; they were discarded.");
    }
    if (endpoint.number("GwPriority").orElse(0) != 0) {
      warnings.add(
          "GwPriority in network " + network + " has no effect: NetworkMode is the way out.");
    }
  }

  /** Zero, false, empty and absent all say nothing. */
  private static boolean isEmpty(JsonNode value) {
    return value.isNull()
        || value.isContainer() && value.isEmpty()
        || value.isString() && value.stringValue().isEmpty()
        || value.isBoolean() && !value.booleanValue()
        || value.isNumber() && value.asLong() == 0;
  }
}
