/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.host;

import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Host;
import dev.caisson.engine.container.Chambers;
import dev.caisson.engine.container.LocalContainers;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.DiskUsage;
import dev.caisson.engine.view.Finding;
import dev.caisson.engine.view.HostInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.view.VersionInfo;
import dev.caisson.engine.volume.LocalVolumes;
import dev.caisson.linux.process.UserNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** This machine, read from /proc, /sys and /etc. */
public final class LocalHost implements Host {
  private final EngineOptions options;
  private final Chambers isolations;
  private final LocalContainers containers;
  private final ImageLibrary images;
  private final LocalVolumes volumes;
  private final Fabric networks;

  public LocalHost(
      EngineOptions options,
      Chambers isolations,
      LocalContainers containers,
      ImageLibrary images,
      LocalVolumes volumes,
      Fabric networks) {
    this.options = options;
    this.isolations = isolations;
    this.containers = containers;
    this.images = images;
    this.volumes = volumes;
    this.networks = networks;
  }

  @Override
  public Path scratch() {
    return options.scratch();
  }

  @Override
  public HostInfo info() {
    var counts = containers.counts();
    int running = counts.getOrDefault(Status.RUNNING, 0);
    int paused = counts.getOrDefault(Status.PAUSED, 0);
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    var release = osRelease();
    return new HostInfo(
        id(),
        hostname(),
        all,
        running,
        paused,
        all - running - paused,
        images.list(true, Filters.none()).size(),
        "overlay2",
        "cgroupfs",
        cgroupVersion(),
        System.getProperty("os.version", ""),
        release.getOrDefault("PRETTY_NAME", "Linux"),
        release.getOrDefault("VERSION_ID", ""),
        architecture(),
        Runtime.getRuntime().availableProcessors(),
        memory(),
        options.root(),
        rootless(),
        options.isolation(),
        isolations.availability(),
        securityOptions(),
        List.of(),
        options.labels());
  }

  /** The same as long as the state directory lives. */
  private String id() {
    return UUID.nameUUIDFromBytes(
            (first(Path.of("/etc/machine-id")) + options.root()).getBytes(StandardCharsets.UTF_8))
        .toString();
  }

  private static String hostname() {
    var name = first(Path.of("/proc/sys/kernel/hostname"));
    if (!name.isEmpty()) {
      return name;
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static boolean rootless() {
    return !UserNamespace.own().initial();
  }

  private static int cgroupVersion() {
    return Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers")) ? 2 : 1;
  }

  private static List<String> securityOptions() {
    var found = new ArrayList<String>();
    found.add("name=seccomp,profile=builtin");
    if (cgroupVersion() == 2) {
      found.add("name=cgroupns");
    }
    if (rootless()) {
      found.add("name=rootless");
    }
    return found;
  }

  private static String architecture() {
    return switch (System.getProperty("os.arch", "")) {
      case "amd64" -> "x86_64";
      case String other -> other;
    };
  }

  private static long memory() {
    for (var line : lines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return 0;
  }

  private static Map<String, String> osRelease() {
    var values = new HashMap<String, String>();
    for (var line : lines(Path.of("/etc/os-release"))) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        values.put(line.substring(0, equals), line.substring(equals + 1).replace("\"", ""));
      }
    }
    return values;
  }

  private static String first(Path file) {
    var lines = lines(file);
    return lines.isEmpty() ? "" : lines.getFirst();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // such a host does not tell
    }
  }

  @Override
  public VersionInfo version() {
    return new VersionInfo(
        Release.VERSION,
        Release.REVISION,
        Release.BUILT,
        "linux",
        System.getProperty("os.arch", ""),
        System.getProperty("os.version", ""),
        System.getProperty("java.version", ""));
  }

  @Override
  public DiskUsage diskUsage() {
    var all = images.list(true, Filters.none());
    var sizes = new HashMap<String, Long>();
    var users = new HashMap<String, Integer>();
    for (var image : all) {
      images
          .layerSizes(image.id())
          .forEach((layer, size) -> {
            sizes.put(layer, size);
            users.merge(layer, 1, Integer::sum);
          });
    }
    return new DiskUsage(
        sizes.values().stream().mapToLong(Long::longValue).sum(),
        all.stream().map(image -> shared(image, users)).toList(),
        containers.list(true, 0, true, Filters.none()),
        volumes.measured());
  }

  /** With the bytes of the layers that other images have too. */
  private ImageSummary shared(ImageSummary image, Map<String, Integer> users) {
    long shared =
        images.layerSizes(image.id()).entrySet().stream()
            .filter(layer -> users.getOrDefault(layer.getKey(), 0) > 1)
            .mapToLong(Map.Entry::getValue)
            .sum();
    return new ImageSummary(
        image.id(),
        image.parentId(),
        image.tags(),
        image.digests(),
        image.created(),
        image.size(),
        shared,
        image.containers(),
        image.labels());
  }

  @Override
  public List<Finding> doctor() {
    return new Doctor(options, isolations, networks).findings();
  }

  @Override
  public String login(RegistryAuth auth) {
    images.login(auth);
    return "";
  }

  /** What the build tells of itself. */
  private static final class Release {
    static final String VERSION = "0.1.0";
    static final String REVISION = "";
    static final Instant BUILT = Instant.EPOCH;

    private Release() {}
  }
}
