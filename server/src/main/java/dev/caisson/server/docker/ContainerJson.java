/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceState;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.MountView;
import dev.caisson.engine.view.Status;
import dev.caisson.server.http.ApiVersion;
import dev.caisson.server.http.Json;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Containers as {@code inspect} and {@code list} answer them. */
final class ContainerJson {
  private ContainerJson() {}

  static ObjectNode inspect(InstanceInfo info, ApiVersion version) {
    ObjectNode json = Json.object();
    json.put("Id", info.id());
    json.put("Created", Times.rfc3339Nano(info.created()));
    json.put("Path", info.effective().path());
    json.set("Args", Json.strings(info.effective().arguments()));
    json.set("State", state(info.state()));
    json.put("Image", info.imageId());
    json.put("ResolvConfPath", info.resolvConfPath().toString());
    json.put("HostnamePath", info.hostnamePath().toString());
    json.put("HostsPath", info.hostsPath().toString());
    json.put("LogPath", info.logPath().toString());
    json.put("Name", "/" + info.name());
    json.put("RestartCount", info.restartCount());
    json.put("Driver", "overlay2");
    json.put("Platform", info.platform().isEmpty() ? "linux" : info.platform().split("/")[0]);
    json.put("MountLabel", "");
    json.put("ProcessLabel", "");
    json.put("AppArmorProfile", "");
    json.set("ExecIDs", info.execIds().isEmpty() ? null : Json.strings(info.execIds()));
    json.set("HostConfig", HostConfigJson.of(info.spec(), info.isolation()));
    ObjectNode driver = json.putObject("GraphDriver");
    driver.set("Data", Json.strings(info.rootData()));
    driver.put("Name", "overlay2");
    info.sizes()
        .ifPresent(sizes -> {
          json.put("SizeRw", sizes.writable());
          json.put("SizeRootFs", sizes.total());
        });
    json.set("Mounts", mounts(info.mounts()));
    json.set("Config", config(info));
    json.set("NetworkSettings", networkSettings(info, version));
    return json;
  }

  private static ObjectNode state(InstanceState state) {
    ObjectNode json = Json.object();
    json.put("Status", state.status().toString());
    json.put("Running", state.running());
    json.put("Paused", state.status() == Status.PAUSED);
    json.put("Restarting", state.status() == Status.RESTARTING);
    json.put("OOMKilled", state.oomKilled());
    json.put("Dead", state.status() == Status.DEAD);
    json.put("Pid", state.pid());
    json.put("ExitCode", state.exitCode());
    json.put("Error", state.error());
    json.put("StartedAt", Times.orZero(state.startedAt()));
    json.put("FinishedAt", Times.orZero(state.finishedAt()));
    state.health().ifPresent(health -> json.set("Health", health(health)));
    return json;
  }

  private static ObjectNode health(Health health) {
    ObjectNode json = Json.object();
    json.put("Status", health.condition().toString());
    json.put("FailingStreak", health.failingStreak());
    ArrayNode log = json.putArray("Log");
    for (Health.Probe probe : health.log()) {
      log.addObject()
          .put("Start", Times.rfc3339Nano(probe.start()))
          .put("End", Times.rfc3339Nano(probe.end()))
          .put("ExitCode", probe.exitCode())
          .put("Output", probe.output());
    }
    return json;
  }

  private static ObjectNode config(InstanceInfo info) {
    InstanceInfo.Effective effective = info.effective();
    var process = info.spec().process();
    ObjectNode json = Json.object();
    json.put("Hostname", effective.hostname());
    json.put("Domainname", info.spec().networking().domainname().orElse(""));
    json.put("User", effective.user());
    json.put("AttachStdin", process.attachStdin());
    json.put("AttachStdout", process.attachStdout());
    json.put("AttachStderr", process.attachStderr());
    json.set(
        "ExposedPorts",
        set(new TreeSet<>(info.network().exposed()).stream().map(PortSpec::toString).toList()));
    json.put("Tty", process.tty());
    json.put("OpenStdin", process.openStdin());
    json.put("StdinOnce", process.stdinOnce());
    json.set("Env", Json.strings(effective.environment()));
    json.set("Cmd", effective.command().isEmpty() ? null : Json.strings(effective.command()));
    effective.healthcheck().ifPresent(check -> json.set("Healthcheck", healthcheck(check)));
    json.put("Image", info.spec().image());
    json.set("Volumes", effective.volumes().isEmpty() ? null : set(effective.volumes()));
    json.put("WorkingDir", effective.workingDirectory());
    json.set(
        "Entrypoint",
        effective.entrypoint().isEmpty() ? null : Json.strings(effective.entrypoint()));
    json.putNull("OnBuild");
    json.set("Labels", Json.strings(effective.labels()));
    json.put("StopSignal", effective.stopSignal());
    json.put("StopTimeout", effective.stopTimeout().toSeconds());
    return json;
  }

  static ObjectNode healthcheck(HealthcheckSpec check) {
    ObjectNode json = Json.object();
    json.set("Test", Json.strings(check.test()));
    putNanoseconds(json, "Interval", check.interval());
    putNanoseconds(json, "Timeout", check.timeout());
    putNanoseconds(json, "StartPeriod", check.startPeriod());
    putNanoseconds(json, "StartInterval", check.startInterval());
    check.retries().ifPresent(retries -> json.put("Retries", retries));
    return json;
  }

  private static void putNanoseconds(ObjectNode json, String name, Optional<Duration> value) {
    value.ifPresent(duration -> json.put(name, duration.toNanos()));
  }

  /** Go's set: an object of empty objects. */
  static ObjectNode set(Iterable<String> keys) {
    ObjectNode json = Json.object();
    keys.forEach(json::putObject);
    return json;
  }

  private static ObjectNode networkSettings(InstanceInfo info, ApiVersion version) {
    var view = info.network();
    ObjectNode json = Json.object();
    json.put("Bridge", "");
    json.put("SandboxID", view.namespacePath().isPresent() ? info.id() : "");
    json.put("SandboxKey", view.namespacePath().orElse(""));
    json.set(
        "Ports",
        NetworkJson.portMap(info.state().running() ? view.exposed() : List.of(), view.ports()));
    json.put("HairpinMode", false);
    json.put("LinkLocalIPv6Address", "");
    json.put("LinkLocalIPv6PrefixLen", 0);
    json.putNull("SecondaryIPAddresses");
    json.putNull("SecondaryIPv6Addresses");
    // The first level repeats the default network's endpoint for clients older than networks.
    var first = Optional.ofNullable(view.endpoints().get("bridge"));
    json.put("EndpointID", first.map(each -> each.endpointId()).orElse(""));
    json.put("Gateway", first.map(each -> each.gateway()).orElse(""));
    json.put("GlobalIPv6Address", first.map(each -> each.ipv6Address()).orElse(""));
    json.put("GlobalIPv6PrefixLen", first.map(each -> each.ipv6PrefixLength()).orElse(0));
    json.put("IPAddress", first.map(each -> each.ipv4Address()).orElse(""));
    json.put("IPPrefixLen", first.map(each -> each.ipv4PrefixLength()).orElse(0));
    json.put("IPv6Gateway", first.map(each -> each.ipv6Gateway()).orElse(""));
    json.put("MacAddress", first.map(each -> each.macAddress()).orElse(""));
    ObjectNode networks = NetworkJson.endpoints(view, info.spec().networking().endpoints());
    if (!version.atLeast(1, 45)) {
      NetworkJson.aliasShortId(networks, info.id());
    }
    json.set("Networks", networks);
    return json;
  }

  private static ArrayNode mounts(List<MountView> mounts) {
    ArrayNode list = Json.array();
    for (MountView mount : mounts) {
      ObjectNode each = list.addObject();
      each.put("Type", mount.type());
      if (!mount.name().isEmpty()) {
        each.put("Name", mount.name());
      }
      each.put("Source", mount.source());
      each.put("Destination", mount.destination());
      if (!mount.driver().isEmpty()) {
        each.put("Driver", mount.driver());
      }
      each.put("Mode", mount.mode());
      each.put("RW", mount.writable());
      each.put("Propagation", mount.propagation());
    }
    return list;
  }

  static ObjectNode summary(InstanceSummary summary) {
    ObjectNode json = Json.object();
    json.put("Id", summary.id());
    json.set("Names", Json.strings(List.of("/" + summary.name())));
    json.put("Image", summary.image());
    json.put("ImageID", summary.imageId());
    json.put("Command", summary.command());
    json.put("Created", summary.created().getEpochSecond());
    json.set("Ports", NetworkJson.portList(summary.network()));
    summary
        .sizes()
        .ifPresent(sizes -> {
          json.put("SizeRw", sizes.writable());
          json.put("SizeRootFs", sizes.total());
        });
    json.set("Labels", Json.strings(summary.labels()));
    json.put("State", summary.state().toString());
    json.put("Status", summary.status());
    json.putObject("HostConfig").put("NetworkMode", summary.networkMode());
    json.putObject("NetworkSettings")
        .set("Networks", NetworkJson.endpoints(summary.network(), Map.of()));
    json.set("Mounts", mounts(summary.mounts()));
    return json;
  }
}
