/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.History;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.StoredLayer;
import dev.caisson.linux.file.Directory;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import dev.caisson.rootfs.layer.TreeArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A minimal Debian (or relative) of the same release and from the same package source as this host,
 * with packages of choice. Needs root and debootstrap.
 *
 * <p>Times later than the newest package list entry of the system itself, logs, caches and machine
 * identity are left out, so that the same packages give nearly the same layer.
 */
final class DebianImage implements BaseImage {
  private static final String DEBOOTSTRAP = "/usr/sbin/debootstrap";
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final Set<String> LEFT_OUT_BELOW =
      Set.of(
          "var/cache/apt",
          "var/lib/apt/lists",
          "var/log",
          "var/cache/debconf",
          "dev",
          "proc",
          "sys",
          "run",
          "tmp",
          "var/cache/ldconfig",
          "usr/share/doc",
          "usr/share/man",
          "usr/share/info",
          "debootstrap");
  private static final Set<String> LEFT_OUT =
      Set.of("etc/machine-id", "etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id");

  private final List<String> packages;

  /**
   * An image with {@code packages} besides the essential ones.
   *
   * @throws RootfsException INVALID for what is no package name
   */
  public DebianImage(List<String> packages) {
    for (var name : packages) {
      if (!name.matches("[a-z0-9][a-z0-9+.-]*")) {
        throw new RootfsException(Kind.INVALID, "\"" + name + "\" is no package name");
      }
    }
    this.packages = List.copyOf(packages);
  }

  @Override
  public Image build(ImageStore store, Reference name, Consumer<String> progress) {
    if (!Files.isExecutable(Path.of(DEBOOTSTRAP))) {
      throw new RootfsException(
          Kind.UNAVAILABLE, "debootstrap is not installed; apt-get install debootstrap");
    }
    var source = PackageSource.ofHost();
    try (var folder = ScratchFolder.make("caisson-debian")) {
      var root = folder.path().resolve("root");
      HostCommand.run(folder.path(), debootstrap(source, root), progress);
      progress.accept("storing the layer");
      return store(store, name, source, root);
    }
  }

  private List<String> debootstrap(PackageSource source, Path root) {
    var command = new ArrayList<>(List.of(DEBOOTSTRAP, "--variant=minbase"));
    if (!packages.isEmpty()) {
      command.add("--include=" + String.join(",", packages));
    }
    command.add("--components=" + String.join(",", source.components()));
    if (Files.isDirectory(Path.of("/var/cache/apt/archives"))) {
      command.add("--cache-dir=/var/cache/apt/archives"); // what the host has is not fetched again
    }
    command.addAll(List.of(source.suite(), root.toString(), source.uri()));
    return command;
  }

  private Image store(ImageStore store, Reference name, PackageSource source, Path root) {
    long time = newestPackageFile(root);
    try (var lease = store.lease();
        var tree = Directory.open(root)) {
      writeDefaults(root);
      var layer =
          StoredLayer.write(
              store, lease, out -> TreeArchive.of(tree, DebianImage::wanted, time, out));
      return store.assemble(
          lease, config(source, layer.diffId(), time), List.of(layer.blob()), List.of(name));
    } catch (IOException e) {
      throw new RootfsException(Kind.IO, "cannot store the base image: " + e, e);
    }
  }

  private static boolean wanted(String path) {
    if (LEFT_OUT.contains(path)) {
      return false;
    }
    for (int slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      var folder = path.substring(0, slash);
      // Log folders of services stay, because the services do not make them.
      boolean logFolder = folder.equals("var/log") && !path.contains(".log");
      if (LEFT_OUT_BELOW.contains(folder) && !logFolder) {
        return false;
      }
    }
    return true;
  }

  // A container is no machine to boot: packages must not start services while they are installed.
  private static void writeDefaults(Path root) throws IOException {
    var policy = root.resolve("usr/sbin/policy-rc.d");
    if (!Files.exists(policy)) {
      Files.writeString(policy, "#!/bin/sh\nexit 101\n", StandardOpenOption.CREATE_NEW);
      Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  // The files of a package keep the time of its build; the newest of a few is a stable clock.
  private static long newestPackageFile(Path root) {
    long newest = 0;
    for (var file : List.of("etc/debian_version", "usr/bin/dpkg", "usr/bin/apt", "bin/bash")) {
      try {
        var time = Files.getLastModifiedTime(root.resolve(file)).toInstant();
        newest = Math.max(newest, time.getEpochSecond());
      } catch (IOException _) {
        // not part of this system
      }
    }
    return newest == 0 ? Instant.now().getEpochSecond() : newest;
  }

  private ImageConfig config(PackageSource source, Digest diffId, long time) {
    var created = Instant.ofEpochSecond(time);
    var command =
        "caisson image build-base debian"
            + (packages.isEmpty() ? "" : " --include " + String.join(",", packages));
    return new ImageConfig(
        Platform.host(),
        Optional.of(created),
        Optional.empty(),
        Defaults.builder().environment(List.of(PATH)).command(Optional.of(List.of("bash"))).build(),
        List.of(diffId),
        List.of(History.layer(created, command, source.suite())));
  }
}
