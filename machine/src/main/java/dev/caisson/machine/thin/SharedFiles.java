/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.overlay.InstanceOverlay;
import dev.caisson.rootfs.overlay.MountedRoot;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.virtio.fs.Export;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The directories and files of the host that a guest sees, by the names it sees them under. */
final class SharedFiles implements AutoCloseable {
  static final String ROOT = "root";

  // Nobody else changes a private root while the guest runs, except for copies into it.
  private static final int ROOT_CACHE_SECONDS = 1;
  private static final int VOLUME_CACHE_SECONDS = 1;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<Export> exports = new ArrayList<>();
  private final Map<Mount, String> names = new LinkedHashMap<>();
  private final Map<String, String> files = new LinkedHashMap<>();
  private final Directory root;

  private SharedFiles(Directory root) {
    this.root = root;
  }

  /** Opens everything a workload names; mounts its layers where no path leads. */
  static SharedFiles open(Workload workload, Place place) {
    List<AutoCloseable> opened = new ArrayList<>();
    SharedFiles shared = new SharedFiles(root(workload.root(), place, opened));
    shared.opened.addAll(opened);
    try {
      shared.add(ROOT, shared.root.fd().duplicate(), workload.root().readOnly());
      int number = 0;
      for (Mount mount : workload.mounts().mounts()) {
        Optional<Fd> source = shared.source(mount);
        if (source.isPresent()) {
          String name = "m" + number++;
          shared.names.put(mount, name);
          shared.add(name, source.get(), mount.readOnly());
        }
      }
      var network = workload.network();
      shared.file("/etc/resolv.conf", network.resolvConf());
      shared.file("/etc/hosts", network.hosts());
      shared.file("/etc/hostname", network.hostnameFile());
      return shared;
    } catch (RuntimeException e) {
      shared.close();
      throw e;
    }
  }

  private static Directory root(RootFilesystem files, Place place, List<AutoCloseable> opened) {
    Directory root =
        switch (files) {
          case RootFilesystem.Directory directory -> Directory.open(directory.path());
          case RootFilesystem.Layers layers -> {
            MountedRoot mounted = overlay(layers, place).create().mount();
            opened.add(mounted);
            yield Directory.of(mounted.directory().fd().duplicate());
          }
          case RootFilesystem.DiskImage image ->
              throw SandboxException.unsupported(
                  "disk image " + image.path(), "a thin machine has no disk; use a directory");
        };
    opened.add(root);
    return root;
  }

  static InstanceOverlay overlay(RootFilesystem.Layers layers, Place place) {
    List<Path> lower = layers.layers().stream().map(RootFilesystem.Layer::directory).toList();
    return InstanceOverlay.in(place.state(), lower, OverlayMarks.TRUSTED);
  }

  private Optional<Fd> source(Mount mount) {
    try {
      return switch (mount) {
        case Mount.Bind bind -> Optional.of(Directory.openFile(bind.source(), 0, OpenFlag.PATH));
        case Mount.Volume volume -> {
          try (Directory directory = Directory.open(volume.directory())) {
            yield Optional.of(directory.locate(volume.subpath(), Resolution.IN_ROOT));
          }
        }
        case Mount.Tmpfs tmpfs -> Optional.empty();
      };
    } catch (LinuxException e) {
      throw new SandboxException(
          SandboxException.Kind.INVALID, "mount at " + mount.target() + ": " + e.getMessage(), e);
    }
  }

  private void file(String target, Optional<Path> source) {
    if (source.isPresent()) {
      String name = "f" + files.size();
      files.put(target, name);
      add(name, Directory.openFile(source.get(), 0, OpenFlag.PATH), false);
    }
  }

  private void add(String name, Fd file, boolean readOnly) {
    int seconds = name.equals(ROOT) ? ROOT_CACHE_SECONDS : VOLUME_CACHE_SECONDS;
    exports.add(new Export(name, file, readOnly, seconds));
  }

  List<Export> exports() {
    return exports;
  }

  /** The guest's name of a mount's source; empty for what is made in the guest. */
  Optional<String> name(Mount mount) {
    return Optional.ofNullable(names.get(mount));
  }

  /** Single files by their target. */
  Map<String, String> files() {
    return files;
  }

  /** The root file system as it is on the host. */
  Directory root() {
    return root;
  }

  /** Closes what is not the file server's: the exports themselves are closed by that. */
  @Override
  public void close() {
    for (AutoCloseable open : opened.reversed()) {
      try {
        open.close();
      } catch (Exception e) {
        System.getLogger(SharedFiles.class.getName())
            .log(System.Logger.Level.WARNING, "closing shared files", e);
      }
    }
    opened.clear();
  }
}
