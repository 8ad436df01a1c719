/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.volume.LocalVolumes;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.MountPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Settles where each mount of a new container comes from, making volumes as needed. */
final class MountPlanner {
  private final LocalVolumes volumes;
  private final ImageLibrary images;
  private final Function<String, Definition> container;

  /**
   * @param container finds another container by reference
   */
  MountPlanner(LocalVolumes volumes, ImageLibrary images, Function<String, Definition> container) {
    this.volumes = volumes;
    this.images = images;
    this.container = container;
  }

  /**
   * @param anonymous targets that get a volume of their own unless something else is mounted there
   */
  List<MountPoint> plan(StorageSpec storage, Collection<String> anonymous) {
    // What is asked for wins over what comes from other containers, and that over the image's.
    var byTarget = new LinkedHashMap<String, MountPoint>();
    for (var mount : storage.mounts()) {
      var target = normal(mount.target());
      if (byTarget.containsKey(target)) {
        throw EngineException.invalid("Duplicate mount point: " + target, "mount there once");
      }
      byTarget.put(target, settle(mount));
    }
    for (var from : storage.volumesFrom()) {
      inherit(from, byTarget);
    }
    for (var target : anonymous) {
      if (!byTarget.containsKey(normal(target))) {
        var driver = storage.volumeDriver().orElse("local");
        byTarget.put(
            normal(target),
            settle(new MountSpec.Volume("", target, false, false, "", driver, Map.of(), Map.of())));
      }
    }
    return new ArrayList<>(byTarget.values());
  }

  private static String normal(String target) {
    if (!target.startsWith("/")) {
      throw EngineException.invalid(
          "invalid mount path: '" + target + "' mount path must be absolute", "begin it with /");
    }
    var normal = Path.of(target).normalize().toString();
    if (normal.equals("/")) {
      throw EngineException.invalid(
          "invalid specification: destination can't be '/'", "mount below /");
    }
    return normal;
  }

  private MountPoint settle(MountSpec mount) {
    return switch (mount) {
      case MountSpec.Bind bind -> new MountPoint(bind, source(bind), false);
      case MountSpec.Tmpfs tmpfs -> new MountPoint(tmpfs, Path.of(""), false);
      case MountSpec.Volume volume -> volume(volume);
      case MountSpec.Image image -> image(image);
    };
  }

  private static Path source(MountSpec.Bind bind) {
    var source = Path.of(bind.source());
    if (!source.isAbsolute()) {
      throw EngineException.invalid(
          "invalid mount config: bind source path must be absolute: " + source,
          "begin it with /, or name a volume");
    }
    if (!Files.exists(source)) {
      if (!bind.createSource()) {
        throw EngineException.invalid(
            "invalid mount config for type \"bind\": bind source path does not exist: " + source,
            "make it first");
      }
      try {
        Files.createDirectories(source);
      } catch (IOException e) {
        throw EngineException.io(
            "error while creating mount source path '" + source + "': " + e.getMessage(), e);
      }
    }
    return source.normalize();
  }

  private MountPoint volume(MountSpec.Volume volume) {
    var info =
        volumes.obtain(volume.name(), volume.driver(), volume.driverOptions(), volume.labels());
    var named =
        new MountSpec.Volume(
            info.name(),
            volume.target(),
            volume.readOnly(),
            volume.noCopy(),
            volume.subpath(),
            info.driver(),
            volume.driverOptions(),
            volume.labels());
    return new MountPoint(named, info.mountpoint(), volume.name().isEmpty());
  }

  private MountPoint image(MountSpec.Image image) {
    var layers = images.template(image.source(), Optional.empty()).layers();
    if (layers.size() != 1) {
      throw EngineException.unsupported(
          "image mount of " + image.source() + ": only images of one layer can be mounted",
          "flatten it with caisson export and caisson image import");
    }
    return new MountPoint(image, layers.getFirst().directory(), false);
  }

  private void inherit(String from, Map<String, MountPoint> byTarget) {
    int colon = from.indexOf(':');
    var mode = colon < 0 ? "rw" : from.substring(colon + 1);
    if (!mode.equals("rw") && !mode.equals("ro") && !mode.equals("z") && !mode.equals("Z")) {
      throw EngineException.invalid("invalid mode: " + mode, "use ro or rw");
    }
    boolean readOnly = mode.equals("ro");
    var other = container.apply(colon < 0 ? from : from.substring(0, colon));
    for (var point : other.mounts()) {
      byTarget.putIfAbsent(
          normal(point.spec().target()),
          new MountPoint(withMode(point.spec(), readOnly), point.source(), false));
    }
  }

  private static MountSpec withMode(MountSpec spec, boolean readOnly) {
    return switch (spec) {
      case MountSpec.Volume volume when readOnly ->
          new MountSpec.Volume(
              volume.name(),
              volume.target(),
              true,
              volume.noCopy(),
              volume.subpath(),
              volume.driver(),
              volume.driverOptions(),
              volume.labels());
      case MountSpec.Bind bind when readOnly ->
          new MountSpec.Bind(
              bind.source(),
              bind.target(),
              true,
              false,
              bind.propagation(),
              bind.nonRecursive(),
              bind.relabel());
      default -> spec;
    };
  }
}
