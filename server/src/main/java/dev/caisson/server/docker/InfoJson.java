/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.view.HostInfo;
import dev.caisson.server.http.Json;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /info}: the host and the engine on it, in dockerd's words. */
final class InfoJson {
  private InfoJson() {}

  static ObjectNode of(HostInfo info) {
    ObjectNode json = Json.object();
    counts(json, info);
    abilities(json);
    host(json, info);
    registries(json);
    isolations(json, info);
    json.set("SecurityOptions", Json.strings(info.securityOptions()));
    json.set("Warnings", info.warnings().isEmpty() ? null : Json.strings(info.warnings()));
    return json;
  }

  private static void counts(ObjectNode json, HostInfo info) {
    json.put("ID", info.id());
    json.put("Containers", info.containers());
    json.put("ContainersRunning", info.running());
    json.put("ContainersPaused", info.paused());
    json.put("ContainersStopped", info.stopped());
    json.put("Images", info.images());
    json.put("Driver", info.storageDriver());
    json.putArray("DriverStatus");
    json.put("NFd", 0).put("NGoroutines", 0).put("NEventsListener", 0);
    json.put("SystemTime", Times.rfc3339Nano(Instant.now()));
  }

  private static void abilities(ObjectNode json) {
    ObjectNode plugins = json.putObject("Plugins");
    plugins.set("Volume", Json.strings(List.of("local")));
    plugins.set("Network", Json.strings(List.of("bridge", "host", "none")));
    plugins.putNull("Authorization");
    plugins.set("Log", Json.strings(List.of("json-file", "none")));
    for (String each :
        List.of(
            "MemoryLimit",
            "SwapLimit",
            "CpuCfsPeriod",
            "CpuCfsQuota",
            "CPUShares",
            "CPUSet",
            "PidsLimit",
            "IPv4Forwarding",
            "LiveRestoreEnabled")) {
      json.put(each, true);
    }
    json.put("Debug", false).put("ExperimentalBuild", false);
    json.put("LoggingDriver", "json-file");
    json.putObject("Swarm")
        .put("NodeID", "")
        .put("LocalNodeState", "inactive")
        .put("ControlAvailable", false);
  }

  private static void host(ObjectNode json, HostInfo info) {
    json.put("CgroupDriver", info.cgroupDriver());
    json.put("CgroupVersion", Integer.toString(info.cgroupVersion()));
    json.put("KernelVersion", info.kernelVersion());
    json.put("OperatingSystem", info.operatingSystem());
    json.put("OSVersion", info.osVersion());
    json.put("OSType", "linux");
    json.put("Architecture", info.architecture());
    json.put("NCPU", info.processors());
    json.put("MemTotal", info.memory());
    json.put("DockerRootDir", info.root().toString());
    json.put("HttpProxy", "").put("HttpsProxy", "").put("NoProxy", "");
    json.put("Name", info.name());
    ArrayNode labels = json.putArray("Labels");
    new TreeMap<>(info.labels()).forEach((key, value) -> labels.add(key + "=" + value));
    json.put("ServerVersion", DockerApi.RELEASE);
  }

  private static void registries(ObjectNode json) {
    json.put("IndexServerAddress", "https://index.docker.io/v1/");
    ObjectNode registries = json.putObject("RegistryConfig");
    registries.set("InsecureRegistryCIDRs", Json.strings(List.of("::1/128", "127.0.0.0/8")));
    registries.putObject("IndexConfigs");
    registries.putArray("Mirrors");
  }

  private static void isolations(ObjectNode json, HostInfo info) {
    ObjectNode runtimes = json.putObject("Runtimes");
    info.isolations().forEach((name, unavailable) -> isolation(runtimes, name, unavailable));
    json.put("DefaultRuntime", info.defaultIsolation());
    json.put("Isolation", info.defaultIsolation());
    json.put("InitBinary", "caisson-stub");
    for (String part : List.of("ContainerdCommit", "RuncCommit", "InitCommit")) {
      json.putObject(part).put("ID", "N/A").put("Expected", "N/A"); // neither is used here
    }
  }

  private static void isolation(ObjectNode runtimes, String name, Optional<String> unavailable) {
    ObjectNode runtime = runtimes.putObject(name).put("path", "caisson");
    unavailable.ifPresent(
        reason -> runtime.putObject("status").put("dev.caisson.unavailable", reason));
  }
}
