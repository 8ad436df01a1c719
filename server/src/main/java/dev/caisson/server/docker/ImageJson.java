/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.server.http.Json;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/** Images as {@code inspect} and {@code list} answer them. */
final class ImageJson {
  private ImageJson() {}

  static ObjectNode inspect(ImageInfo info) {
    ObjectNode json = Json.object();
    json.put("Id", info.id());
    json.set("RepoTags", Json.strings(info.tags()));
    json.set("RepoDigests", Json.strings(info.digests()));
    json.put("Parent", info.parentId());
    json.put("Comment", info.comment());
    json.put("Created", Times.orZero(info.created()));
    json.put("DockerVersion", "");
    json.put("Author", info.author());
    json.set("Config", config(info.config()));
    json.put("Architecture", info.architecture());
    if (!info.variant().isEmpty()) {
      json.put("Variant", info.variant());
    }
    json.put("Os", info.os());
    json.put("Size", info.size());
    json.put("VirtualSize", info.size());
    ObjectNode driver = json.putObject("GraphDriver");
    driver.set("Data", Json.strings(info.rootData()));
    driver.put("Name", "overlay2");
    ObjectNode root = json.putObject("RootFS").put("Type", "layers");
    root.set("Layers", Json.strings(info.layers()));
    json.putObject("Metadata").put("LastTagTime", Times.orZero(info.lastTagged()));
    return json;
  }

  private static ObjectNode config(ImageConfig config) {
    ObjectNode json = Json.object();
    json.put("User", config.user());
    json.set("Env", Json.strings(config.environment()));
    json.set("Cmd", config.command().isEmpty() ? null : Json.strings(config.command()));
    json.set(
        "Entrypoint", config.entrypoint().isEmpty() ? null : Json.strings(config.entrypoint()));
    json.put("WorkingDir", config.workingDirectory());
    if (!config.exposedPorts().isEmpty()) {
      json.set(
          "ExposedPorts",
          ContainerJson.set(
              new TreeSet<>(config.exposedPorts()).stream().map(PortSpec::toString).toList()));
    }
    json.set(
        "Volumes",
        config.volumes().isEmpty() ? null : ContainerJson.set(new TreeSet<>(config.volumes())));
    json.set("Labels", config.labels().isEmpty() ? null : Json.strings(config.labels()));
    if (!config.stopSignal().isEmpty()) {
      json.put("StopSignal", config.stopSignal());
    }
    config.stopTimeout().ifPresent(timeout -> json.put("StopTimeout", timeout.toSeconds()));
    config
        .healthcheck()
        .ifPresent(check -> json.set("Healthcheck", ContainerJson.healthcheck(check)));
    json.set("Shell", config.shell().isEmpty() ? null : Json.strings(config.shell()));
    json.set("OnBuild", config.onBuild().isEmpty() ? null : Json.strings(config.onBuild()));
    return json;
  }

  /** The Config that commit takes in its body. */
  static ImageConfig config(Body body) {
    Set<PortSpec> ports = new LinkedHashSet<>();
    body.keys("ExposedPorts").forEach(port -> ports.add(PortSpec.parse(port)));
    var timeout = body.number("StopTimeout");
    return new ImageConfig(
        body.strings("Entrypoint"),
        body.strings("Cmd"),
        body.strings("Env"),
        body.text("User", ""),
        body.text("WorkingDir", ""),
        ports,
        Set.copyOf(body.keys("Volumes")),
        body.stringMap("Labels"),
        body.text("StopSignal", ""),
        timeout.isPresent()
            ? java.util.Optional.of(Duration.ofSeconds(timeout.getAsLong()))
            : java.util.Optional.empty(),
        CreateBody.healthcheck(body),
        body.strings("Shell"),
        body.strings("OnBuild"));
  }

  static ObjectNode summary(ImageSummary summary) {
    ObjectNode json = Json.object();
    json.put("Id", summary.id());
    json.put("ParentId", summary.parentId());
    json.set("RepoTags", Json.strings(summary.tags()));
    json.set("RepoDigests", Json.strings(summary.digests()));
    json.put("Created", summary.created().getEpochSecond());
    json.put("Size", summary.size());
    json.put("SharedSize", summary.sharedSize());
    json.put("VirtualSize", summary.size());
    json.set("Labels", summary.labels().isEmpty() ? null : Json.strings(summary.labels()));
    json.put("Containers", summary.containers());
    return json;
  }
}
