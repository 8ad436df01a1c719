/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.overlay.InstanceOverlay;
import dev.caisson.rootfs.overlay.MountedRoot;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.user.Accounts;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.virtio.fs.Export;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The directories and files of the host that a guest sees, by the names it sees them under. */
final class SharedFiles implements AutoCloseable {
  // Nobody else changes a private root while the guest runs, except for copies into it.
  private static final int ROOT_CACHE_SECONDS = 1;
  private static final int VOLUME_CACHE_SECONDS = 1;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<Export> exports = new ArrayList<>();
  private final GuestNames names;
  private final Directory root;

  private SharedFiles(GuestNames names, Directory root) {
    this.names = names;
    this.root = root;
  }

  /** Opens everything a workload names; mounts its layers where no path leads. */
  static SharedFiles open(Workload workload, Place place) {
    List<AutoCloseable> opened = new ArrayList<>();
    SharedFiles shared =
        new SharedFiles(GuestNames.of(workload), root(workload.root(), place, opened));
    shared.opened.addAll(opened);
    try {
      shared.add(GuestNames.ROOT, shared.root.fd().duplicate(), workload.root().readOnly());
      shared
          .names
          .mounts()
          .forEach((mount, name) -> shared.add(name, source(mount), mount.readOnly()));
      GuestNames.sources(workload)
          .forEach((target, source) ->
              shared.add(
                  Objects.requireNonNull(shared.names.files().get(target), target),
                  Directory.openFile(source, 0, OpenFlag.PATH),
                  false));
      if (workload.root().readOnly()) {
        shared.makeMountPoints(workload);
      }
      return shared;
    } catch (RuntimeException e) {
      shared.close();
      throw e;
    }
  }

  private void makeMountPoints(Workload workload) {
    List<String> singles = new ArrayList<>(names.files().keySet());
    List<String> directories = new ArrayList<>(List.of(workload.process().directory()));
    for (Mount mount : workload.mounts().mounts()) {
      boolean directory = true;
      if (!(mount instanceof Mount.Tmpfs)) {
        try (Fd source = source(mount)) {
          directory = OpenFile.of(source).status().type() == FileType.DIRECTORY;
        }
      }
      (directory ? directories : singles).add(mount.target());
    }
    MountPoints.make(root, singles, directories);
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

  private static Fd source(Mount mount) {
    try {
      return switch (mount) {
        case Mount.Bind bind -> Directory.openFile(bind.source(), 0, OpenFlag.PATH);
        case Mount.Volume volume -> {
          try (Directory directory = Directory.open(volume.directory())) {
            yield directory.locate(volume.subpath(), Resolution.IN_ROOT);
          }
        }
        case Mount.Tmpfs tmpfs -> throw new IllegalArgumentException(tmpfs + " is the guest's own");
      };
    } catch (LinuxException e) {
      throw new SandboxException(
          SandboxException.Kind.INVALID, "mount at " + mount.target() + ": " + e.getMessage(), e);
    }
  }

  private void add(String name, Fd file, boolean readOnly) {
    int seconds = name.equals(GuestNames.ROOT) ? ROOT_CACHE_SECONDS : VOLUME_CACHE_SECONDS;
    exports.add(new Export(name, file, readOnly, seconds));
  }

  List<Export> exports() {
    return exports;
  }

  GuestNames names() {
    return names;
  }

  /** The root file system as it is on the host. */
  Directory root() {
    return root;
  }

  /** Who is who there now: the workload itself may have changed it. */
  Accounts accounts() {
    return Accounts.parse(content(root, "/etc/passwd"), content(root, "/etc/group"));
  }

  /** Looks before it opens: an image, or a guest, may have put a fifo or a device there. */
  static byte[] content(Directory root, String path) {
    try (Fd found = root.locate(path, Resolution.IN_ROOT)) {
      if (OpenFile.of(found).status().type() != FileType.REGULAR) {
        return new byte[0];
      }
      try (InputStream file = Files.newInputStream(found.path())) {
        byte[] content = file.readNBytes(Accounts.LARGEST_FILE + 1);
        if (content.length > Accounts.LARGEST_FILE) {
          throw SandboxException.invalid(path, "is larger than 4 MiB");
        }
        return content;
      }
    } catch (LinuxException | IOException e) {
      return new byte[0]; // an image without the file knows numbers only
    }
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
