/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceState;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What inspect prints of a container, in Docker's spelling. */
final class ContainerDocument {
  private ContainerDocument() {}

  static Map<String, Object> of(InstanceInfo info) {
    var document =
        new Document()
            .with("Id", info.id())
            .with("Created", info.created().toString())
            .with("Path", info.effective().path())
            .with("Args", info.effective().arguments())
            .with("State", state(info.state()))
            .with("Image", info.imageId())
            .with("ResolvConfPath", info.resolvConfPath().toString())
            .with("HostnamePath", info.hostnamePath().toString())
            .with("HostsPath", info.hostsPath().toString())
            .with("LogPath", info.logPath().toString())
            .with("Name", "/" + info.name())
            .with("RestartCount", info.restartCount())
            .with("Platform", "linux")
            .with("Isolation", info.isolation())
            .with("ExecIDs", info.execIds())
            .with("HostConfig", hostConfig(info))
            .withDocuments("Mounts", mounts(info))
            .with("Config", config(info))
            .with("NetworkSettings", network(info.network()));
    info.sizes()
        .ifPresent(
            sizes -> document.with("SizeRw", sizes.writable()).with("SizeRootFs", sizes.total()));
    return document.map();
  }

  private static Document state(InstanceState state) {
    var document =
        new Document()
            .with("Status", state.status().toString())
            .with("Running", state.running())
            .with("Paused", state.status() == Status.PAUSED)
            .with("Restarting", state.status() == Status.RESTARTING)
            .with("OOMKilled", state.oomKilled())
            .with("Dead", state.status() == Status.DEAD)
            .with("Pid", state.pid())
            .with("ExitCode", state.exitCode())
            .with("Error", state.error())
            .withTime("StartedAt", state.startedAt())
            .withTime("FinishedAt", state.finishedAt());
    state.health().ifPresent(health -> document.with("Health", health(health)));
    return document;
  }

  private static Document health(Health health) {
    var log =
        health.log().stream()
            .map(probe ->
                new Document()
                    .with("Start", probe.start().toString())
                    .with("End", probe.end().toString())
                    .with("ExitCode", probe.exitCode())
                    .with("Output", probe.output()))
            .toList();
    return new Document()
        .with("Status", health.condition().toString())
        .with("FailingStreak", health.failingStreak())
        .withDocuments("Log", log);
  }

  private static Document hostConfig(InstanceInfo info) {
    var spec = info.spec();
    var resources = spec.resources();
    return new Document()
        .with("NetworkMode", spec.networking().mode())
        .with("PortBindings", ports(spec.networking().published(), List.of()))
        .with(
            "RestartPolicy",
            new Document()
                .with("Name", spec.restartPolicy().name().toString())
                .with("MaximumRetryCount", spec.restartPolicy().maximumRetries()))
        .with("AutoRemove", spec.autoRemove())
        .with(
            "LogConfig",
            new Document()
                .with("Type", spec.log().driver().isEmpty() ? "json-file" : spec.log().driver())
                .with("Config", new TreeMap<>(spec.log().options())))
        .with("Isolation", info.isolation())
        .with("Privileged", spec.security().privileged())
        .with("CapAdd", spec.security().capabilitiesAdded())
        .with("CapDrop", spec.security().capabilitiesDropped())
        .with("SecurityOpt", spec.security().options())
        .with("ReadonlyRootfs", spec.storage().readOnlyRoot())
        .with("IpcMode", spec.namespaces().ipc())
        .with("PidMode", spec.namespaces().pid())
        .with("UTSMode", spec.namespaces().uts())
        .with("UsernsMode", spec.namespaces().user())
        .with("ShmSize", spec.storage().shmSize() == 0 ? 64L << 20 : spec.storage().shmSize())
        .with("Sysctls", new TreeMap<>(spec.namespaces().sysctls()))
        .with("Init", spec.init().orElse(false))
        .with("Memory", resources.memory())
        .with("MemoryReservation", resources.memoryReservation())
        .with("MemorySwap", resources.memorySwap())
        .with("NanoCpus", resources.nanoCpus())
        .with("CpuShares", resources.cpuShares())
        .with("CpuPeriod", resources.cpuPeriod())
        .with("CpuQuota", resources.cpuQuota())
        .with("CpusetCpus", resources.cpusetCpus().orElse(""))
        .with("PidsLimit", resources.pids())
        .with("ExtraHosts", spec.networking().extraHosts());
  }

  private static List<Document> mounts(InstanceInfo info) {
    return info.mounts().stream()
        .map(mount ->
            new Document()
                .with("Type", mount.type())
                .with("Name", mount.name())
                .with("Source", mount.source())
                .with("Destination", mount.destination())
                .with("Driver", mount.driver())
                .with("Mode", mount.mode())
                .with("RW", mount.writable())
                .with("Propagation", mount.propagation()))
        .toList();
  }

  private static Document config(InstanceInfo info) {
    var effective = info.effective();
    var process = info.spec().process();
    return new Document()
        .with("Hostname", effective.hostname())
        .with("Domainname", info.spec().networking().domainname().orElse(""))
        .with("User", effective.user())
        .with("Tty", process.tty())
        .with("OpenStdin", process.openStdin())
        .with("StdinOnce", process.stdinOnce())
        .with("Env", effective.environment())
        .with("Cmd", effective.command())
        .with("Image", info.spec().image())
        .with("WorkingDir", effective.workingDirectory())
        .with("Entrypoint", effective.entrypoint())
        .with("Labels", new TreeMap<>(effective.labels()))
        .with("StopSignal", effective.stopSignal())
        .with("StopTimeout", effective.stopTimeout().toSeconds());
  }

  private static Document network(NetworkView view) {
    var networks = new TreeMap<String, Object>();
    view.endpoints().forEach((name, endpoint) -> networks.put(name, endpoint(endpoint).map()));
    var document =
        new Document()
            .with("SandboxKey", view.namespacePath().orElse(""))
            .with(
                "Ports",
                ports(
                    view.ports(), view.exposed().stream().sorted().map(Object::toString).toList()));
    view.endpoints().values().stream()
        .findFirst()
        .ifPresent(first ->
            document
                .with("IPAddress", first.ipv4Address())
                .with("IPPrefixLen", first.ipv4PrefixLength())
                .with("Gateway", first.gateway())
                .with("MacAddress", first.macAddress()));
    return document.with("Networks", networks);
  }

  private static Document endpoint(NetworkView.EndpointView endpoint) {
    return new Document()
        .with("NetworkID", endpoint.networkId())
        .with("EndpointID", endpoint.endpointId())
        .with("Gateway", endpoint.gateway())
        .with("IPAddress", endpoint.ipv4Address())
        .with("IPPrefixLen", endpoint.ipv4PrefixLength())
        .with("IPv6Gateway", endpoint.ipv6Gateway())
        .with("GlobalIPv6Address", endpoint.ipv6Address())
        .with("GlobalIPv6PrefixLen", endpoint.ipv6PrefixLength())
        .with("MacAddress", endpoint.macAddress())
        .with("Aliases", endpoint.aliases())
        .with("DNSNames", endpoint.names());
  }

  private static Map<String, Object> ports(List<PortBinding> bindings, List<String> exposed) {
    var ports = new TreeMap<String, Object>();
    exposed.forEach(port -> ports.put(port, List.of()));
    for (var binding : bindings) {
      var places = new ArrayList<Object>();
      if (ports.get(binding.port().toString()) instanceof List<?> known) {
        places.addAll(known);
      }
      places.add(
          new Document()
              .with("HostIp", binding.hostAddress().isEmpty() ? "0.0.0.0" : binding.hostAddress())
              .with("HostPort", String.valueOf(binding.hostPort()))
              .map());
      ports.put(binding.port().toString(), places);
    }
    return ports;
  }
}
