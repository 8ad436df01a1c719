/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceState;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.MountView;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.volume.TreeSize;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.MountPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Shows containers to clients. */
final class Views {
  private final Clock clock;
  private final ImageLibrary images;

  Views(Clock clock, ImageLibrary images) {
    this.clock = clock;
    this.images = images;
  }

  InstanceSummary summary(Instance instance, boolean sizes) {
    var definition = instance.definition();
    var effective = definition.effective();
    return new InstanceSummary(
        definition.id(),
        definition.name(),
        definition.spec().image(),
        definition.image().id(),
        String.join(" ", line(effective)),
        definition.created(),
        instance.status(),
        StatusText.of(instance, clock.instant()),
        instance.health().map(health -> health.condition()),
        effective.labels(),
        definition.isolation(),
        definition.spec().networking().mode(),
        network(instance),
        mounts(definition),
        sizes ? Optional.of(sizes(instance)) : Optional.empty());
  }

  private static List<String> line(InstanceInfo.Effective effective) {
    return Stream.concat(Stream.of(effective.path()), effective.arguments().stream()).toList();
  }

  InstanceInfo info(Instance instance, List<String> execs, boolean sizes) {
    var definition = instance.definition();
    var files = instance.hostFiles();
    return new InstanceInfo(
        definition.id(),
        definition.name(),
        definition.created(),
        state(instance),
        definition.spec(),
        definition.effective(),
        definition.image().id(),
        definition.isolation(),
        definition.image().platform(),
        instance.progress().restartCount(),
        network(instance),
        mounts(definition),
        execs,
        instance.place().state().resolve("log"),
        files.hostname(),
        files.hosts(),
        files.resolvConf(),
        Map.of(),
        sizes ? Optional.of(sizes(instance)) : Optional.empty());
  }

  static InstanceState state(Instance instance) {
    var progress = instance.progress();
    return new InstanceState(
        instance.status(),
        instance.pid(),
        progress.exitCode(),
        progress.oomKilled(),
        progress.error(),
        progress.startedAt(),
        progress.finishedAt(),
        instance.health());
  }

  private static NetworkView network(Instance instance) {
    var current = instance.progress().network();
    return new NetworkView(
        current.namespacePath(),
        current.ports(),
        instance.definition().exposed(),
        current.endpoints().isEmpty() && !instance.running()
            ? wanted(instance.definition().spec().networking())
            : current.endpoints());
  }

  /** The networks of the next start, without addresses. */
  private static Map<String, NetworkView.EndpointView> wanted(NetworkingSpec spec) {
    var names = new TreeSet<>(spec.endpoints().keySet());
    if (!spec.mode().startsWith("container:")) {
      names.add(spec.mode().equals("default") ? "bridge" : spec.mode());
    }
    var endpoints = new HashMap<String, NetworkView.EndpointView>();
    for (var name : names) {
      var aliases =
          Optional.ofNullable(spec.endpoints().get(name))
              .map(EndpointSpec::aliases)
              .orElse(List.of());
      endpoints.put(
          name, new NetworkView.EndpointView("", "", "", 0, "", "", 0, "", "", aliases, List.of()));
    }
    return endpoints;
  }

  static List<MountView> mounts(Definition definition) {
    return definition.mounts().stream().map(Views::mount).toList();
  }

  private static MountView mount(MountPoint point) {
    var source = point.source().toString();
    boolean writable = !point.spec().readOnly();
    return switch (point.spec()) {
      case MountSpec.Bind bind ->
          new MountView(
              "bind",
              "",
              source,
              bind.target(),
              "",
              writable ? "" : "ro",
              writable,
              bind.propagation().isEmpty() ? "rprivate" : bind.propagation());
      case MountSpec.Volume volume ->
          new MountView(
              "volume",
              volume.name(),
              source,
              volume.target(),
              "local",
              writable ? "z" : "ro",
              writable,
              "");
      case MountSpec.Tmpfs tmpfs ->
          new MountView("tmpfs", "", "", tmpfs.target(), "", "", writable, "");
      case MountSpec.Image image ->
          new MountView("image", image.source(), source, image.target(), "", "ro", false, "");
    };
  }

  private InstanceInfo.Sizes sizes(Instance instance) {
    long writable = written(instance.place().state());
    return new InstanceInfo.Sizes(
        writable, writable + images.size(instance.definition().image().id()));
  }

  /** Bytes of regular files below a directory; what vanishes meanwhile does not count. */
  static long written(Path directory) {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    var sum = new TreeSize();
    try {
      Files.walkFileTree(directory, sum);
    } catch (IOException e) {
      // a tree that changes is measured as far as it held still
    }
    return sum.bytes();
  }
}
