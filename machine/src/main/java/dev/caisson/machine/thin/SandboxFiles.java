/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.ArchiveCopy;
import dev.caisson.rootfs.layer.Ownership;
import dev.caisson.rootfs.layer.TreeArchive;
import dev.caisson.rootfs.overlay.InstanceOverlay;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The files of a thin machine, worked on from the host: the same tree its guest sees. Mounts are
 * not part of it.
 */
final class SandboxFiles {
  private final Workload workload;
  private final Place place;

  SandboxFiles(Workload workload, Place place) {
    this.workload = workload;
    this.place = place;
  }

  /** Something done with the root, whether the machine runs or not. */
  @FunctionalInterface
  private interface Work<T> {
    T on(Directory root) throws IOException;
  }

  private <T> T withRoot(Optional<Directory> running, Work<T> work) throws IOException {
    try {
      if (running.isPresent()) {
        try (Directory root = running.get()) {
          return work.on(root);
        }
      }
      switch (workload.root()) {
        case RootFilesystem.Layers layers -> {
          try (var mounted = SharedFiles.overlay(layers, place).create().mount()) {
            return work.on(mounted.directory());
          }
        }
        case RootFilesystem.Directory directory -> {
          try (Directory root = Directory.open(directory.path())) {
            return work.on(root);
          }
        }
        case RootFilesystem.DiskImage image ->
            throw SandboxException.unsupported("disk image", "a thin machine has no disk");
      }
    } catch (RootfsException e) {
      var kind =
          switch (e.kind()) {
            case NOT_FOUND -> SandboxException.Kind.NOT_FOUND;
            case INVALID -> SandboxException.Kind.INVALID;
            default -> SandboxException.Kind.FAILED;
          };
      throw new SandboxException(kind, String.valueOf(e.getMessage()), e);
    }
  }

  @FunctionalInterface
  private interface PathWork<T> {
    T on(Directory root, String path) throws IOException;
  }

  /** As {@link #withRoot}, but a path that leads into a mount is looked for there. */
  private <T> T withPath(Optional<Directory> running, String path, PathWork<T> work)
      throws IOException {
    Optional<MountedPath> mounted = MountedPath.of(workload, path);
    if (mounted.isEmpty()) {
      return withRoot(running, root -> work.on(root, path));
    }
    running.ifPresent(Directory::close);
    return withRoot(Optional.of(mounted.get().open()), root -> work.on(root, mounted.get().rest()));
  }

  Copyable.FileFacts facts(Optional<Directory> running, String path) {
    try {
      return withPath(running, path, SandboxFiles::facts);
    } catch (IOException e) {
      throw new SandboxException(SandboxException.Kind.FAILED, path + ": " + e.getMessage(), e);
    }
  }

  private static Copyable.FileFacts facts(Directory root, String path) {
    FileStatus status = ArchiveCopy.status(root, path);
    String trimmed = path.replaceAll("/+$", "");
    String name = trimmed.isEmpty() ? "/" : trimmed.substring(trimmed.lastIndexOf('/') + 1);
    boolean link = status.type() == FileType.SYMBOLIC_LINK;
    return new Copyable.FileFacts(
        name,
        status.size(),
        modeOf(status),
        Instant.ofEpochSecond(status.modified().seconds(), status.modified().nanos()),
        link ? ArchiveCopy.linkTarget(root, path) : "");
  }

  /** As stat(2) has it, type included. */
  private static int modeOf(FileStatus status) {
    int type =
        switch (status.type()) {
          case FIFO -> 0010000;
          case CHARACTER_DEVICE -> 0020000;
          case DIRECTORY -> 0040000;
          case BLOCK_DEVICE -> 0060000;
          case REGULAR -> 0100000;
          case SYMBOLIC_LINK -> 0120000;
          case SOCKET -> 0140000;
        };
    return type | status.permissions();
  }

  void copyOut(Optional<Directory> running, String path, OutputStream tar) throws IOException {
    withPath(
        running,
        path,
        (root, below) -> {
          ArchiveCopy.out(root, below, tar);
          return true;
        });
  }

  void copyIn(
      Optional<Directory> running, String directory, InputStream tar, Copyable.CopyOptions options)
      throws IOException {
    Optional<MountedPath> mounted = MountedPath.of(workload, directory);
    if (mounted.map(path -> path.mount().readOnly()).orElse(workload.root().readOnly())) {
      throw new SandboxException(
          SandboxException.Kind.DENIED, directory + ": this file system is read-only");
    }
    Ownership owners = options.keepOwners() ? Ownership.EXACT : Ownership.OWN;
    withPath(
        running,
        directory,
        (root, below) -> {
          ArchiveCopy.in(root, below, tar, options.keepKind(), owners, LayerLimits.DEFAULT);
          return true;
        });
  }

  void export(Optional<Directory> running, OutputStream tar) throws IOException {
    withRoot(
        running,
        root -> {
          try (var writer = new LayerWriter(tar)) {
            TreeArchive.of(root, writer);
          }
          return true;
        });
  }

  private RootFilesystem.Layers layers() {
    if (workload.root() instanceof RootFilesystem.Layers layers) {
      return layers;
    }
    throw SandboxException.unsupported(
        "changes of " + workload.name(), "its root is a plain directory, not an image");
  }

  List<Diffable.Change> changes() {
    return overlay().changes().stream()
        .map(change ->
            new Diffable.Change(Diffable.ChangeKind.valueOf(change.kind().name()), change.path()))
        .toList();
  }

  void exportChanges(OutputStream tar) throws IOException {
    overlay().exportChanges(tar);
  }

  /** What the machine changed, which is nothing while it was never started. */
  private InstanceOverlay overlay() {
    InstanceOverlay overlay = SharedFiles.overlay(layers(), place);
    return Files.exists(overlay.upper()) ? overlay : overlay.create();
  }

  /** An empty volume first gets what the image has where it will be mounted. */
  void fillVolumes(SharedFiles shared) {
    for (Mount mount : workload.mounts().mounts()) {
      if (mount instanceof Mount.Volume volume && volume.copyUp() && isEmpty(volume)) {
        fill(shared.root(), volume);
      }
    }
  }

  private static boolean isEmpty(Mount.Volume volume) {
    try (var entries = Files.list(volume.directory())) {
      return volume.subpath().isEmpty() && entries.findAny().isEmpty();
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "volume " + volume.name() + ": " + e.getMessage(), e);
    }
  }

  private void fill(Directory root, Mount.Volume volume) {
    try (Directory source = root.resolve(volume.target(), Resolution.IN_ROOT);
        Directory target = Directory.open(volume.directory())) {
      Path archive = Files.createTempFile(place.state(), "volume", ".tar");
      try {
        try (var writer = new LayerWriter(Files.newOutputStream(archive))) {
          TreeArchive.of(source, writer);
        }
        try (InputStream tar = Files.newInputStream(archive)) {
          ArchiveCopy.in(target, "/", tar, false, Ownership.EXACT, LayerLimits.DEFAULT);
        }
      } finally {
        Files.delete(archive);
      }
    } catch (LinuxException e) {
      return; // the image has no such directory: the volume stays empty
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "volume " + volume.name() + ": " + e.getMessage(), e);
    }
  }
}
