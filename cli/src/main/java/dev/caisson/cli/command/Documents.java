/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.VolumeInfo;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What inspect prints, in Docker's spelling. */
final class Documents {
  private Documents() {}

  static Map<String, Object> container(dev.caisson.engine.view.InstanceInfo info) {
    return ContainerDocument.of(info);
  }

  static Map<String, Object> image(ImageInfo info) {
    return new Document()
        .with("Id", info.id())
        .with("RepoTags", info.tags())
        .with("RepoDigests", info.digests())
        .with("Parent", info.parentId())
        .with("Comment", info.comment())
        .withTime("Created", info.created())
        .with("Author", info.author())
        .with("Config", config(info.config()))
        .with("Architecture", info.architecture())
        .with("Variant", info.variant())
        .with("Os", info.os())
        .with("Size", info.size())
        .with("RootFS", new Document().with("Type", "layers").with("Layers", info.layers()))
        .map();
  }

  private static Document config(ImageConfig config) {
    var ports = new TreeMap<String, Object>();
    config.exposedPorts().forEach(port -> ports.put(port.toString(), Map.of()));
    var volumes = new TreeMap<String, Object>();
    config.volumes().forEach(path -> volumes.put(path, Map.of()));
    return new Document()
        .with("User", config.user())
        .with("ExposedPorts", ports)
        .with("Env", config.environment())
        .with("Cmd", config.command())
        .with("Volumes", volumes)
        .with("WorkingDir", config.workingDirectory())
        .with("Entrypoint", config.entrypoint())
        .with("Labels", new TreeMap<>(config.labels()))
        .with("StopSignal", config.stopSignal());
  }

  static Map<String, Object> network(NetworkInfo info) {
    var containers = new TreeMap<String, Object>();
    info.containers()
        .forEach((id, member) ->
            containers.put(
                id,
                new Document()
                    .with("Name", member.name())
                    .with("EndpointID", member.endpointId())
                    .with("MacAddress", member.macAddress())
                    .with("IPv4Address", member.ipv4Address())
                    .with("IPv6Address", member.ipv6Address())
                    .map()));
    var pools =
        info.pools().stream()
            .map(pool ->
                new Document()
                    .with("Subnet", pool.subnet())
                    .with("IPRange", pool.range())
                    .with("Gateway", pool.gateway()))
            .toList();
    return new Document()
        .with("Name", info.name())
        .with("Id", info.id())
        .with("Created", info.created().toString())
        .with("Scope", info.scope())
        .with("Driver", info.driver())
        .with("EnableIPv6", info.ipv6())
        .with("IPAM", new Document().with("Driver", "default").withDocuments("Config", pools))
        .with("Internal", info.internal())
        .with("Attachable", info.attachable())
        .with("Containers", containers)
        .with("Options", new TreeMap<>(info.options()))
        .with("Labels", new TreeMap<>(info.labels()))
        .map();
  }

  static Map<String, Object> volume(VolumeInfo info) {
    var fields = new LinkedHashMap<String, Object>();
    fields.put("CreatedAt", info.created().toString());
    fields.put("Driver", info.driver());
    fields.put("Labels", new TreeMap<>(info.labels()));
    fields.put("Mountpoint", info.mountpoint().toString());
    fields.put("Name", info.name());
    fields.put("Options", new TreeMap<>(info.options()));
    fields.put("Scope", "local");
    return fields;
  }
}
