/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.ArchiveCopy;
import dev.caisson.rootfs.layer.Ownership;
import dev.caisson.rootfs.layer.TreeArchive;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Copyable.CopyOptions;
import dev.caisson.sandbox.ability.Copyable.FileFacts;
import dev.caisson.sandbox.ability.Diffable.Change;
import dev.caisson.sandbox.ability.Diffable.ChangeKind;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Looks into, copies to and from a container's root, which the workload may change meanwhile. */
final class ContainerFiles {
  private final ContainerRoot root;
  private final Supplier<OptionalInt> pid;

  ContainerFiles(ContainerRoot root, Supplier<OptionalInt> pid) {
    this.root = root;
    this.pid = pid;
  }

  List<Change> changes() {
    return explained(() ->
        root.overlay("diff").changes().stream()
            .map(change -> new Change(kind(change.kind()), change.path()))
            .toList());
  }

  private static ChangeKind kind(dev.caisson.rootfs.overlay.Change.Kind kind) {
    return switch (kind) {
      case MODIFIED -> ChangeKind.MODIFIED;
      case ADDED -> ChangeKind.ADDED;
      case DELETED -> ChangeKind.DELETED;
    };
  }

  FileFacts facts(String path) {
    return explained(() -> {
      try (ContainerRoot.Opened opened = root.open(pid)) {
        FileStatus status = ArchiveCopy.status(opened.directory(), path);
        boolean link = status.type() == FileType.SYMBOLIC_LINK;
        return new FileFacts(
            name(path),
            status.size(),
            typeBits(status.type()) | status.permissions(),
            Instant.ofEpochSecond(status.modified().seconds(), status.modified().nanos()),
            link ? ArchiveCopy.linkTarget(opened.directory(), path) : "");
      }
    });
  }

  /** The file type part of st_mode. stat(2), inode(7) */
  private static int typeBits(FileType type) {
    return switch (type) {
      case SOCKET -> 0140000;
      case SYMBOLIC_LINK -> 0120000;
      case REGULAR -> 0100000;
      case BLOCK_DEVICE -> 0060000;
      case DIRECTORY -> 0040000;
      case CHARACTER_DEVICE -> 0020000;
      case FIFO -> 0010000;
    };
  }

  private static String name(String path) {
    String trimmed = path.replaceAll("/+$", "");
    return trimmed.isEmpty() ? "/" : trimmed.substring(trimmed.lastIndexOf('/') + 1);
  }

  void copyOut(String path, OutputStream tar) throws IOException {
    streamed(() -> {
      try (ContainerRoot.Opened opened = root.open(pid)) {
        ArchiveCopy.out(opened.directory(), path, tar);
      }
    });
  }

  void copyIn(String directory, InputStream tar, CopyOptions options) throws IOException {
    Ownership ownership = options.keepOwners() ? Ownership.EXACT : Ownership.OWN;
    streamed(() -> {
      try (ContainerRoot.Opened opened = root.open(pid)) {
        ArchiveCopy.in(
            opened.directory(), directory, tar, options.keepKind(), ownership, LayerLimits.DEFAULT);
      }
    });
  }

  /** A stopped container's read-only root is mounted for writing by us, so the promise is ours. */
  void requireWritable(String directory, Workload workload) {
    boolean writable =
        pid.get().isPresent()
            && workload.mounts().mounts().stream()
                .filter(mount -> !mount.readOnly())
                .map(Mount::target)
                .anyMatch(target -> directory.equals(target) || directory.startsWith(target + "/"));
    if (!writable) {
      throw new SandboxException(
          SandboxException.Kind.DENIED, directory + ": the root file system is read-only");
    }
  }

  void export(OutputStream tar) throws IOException {
    streamed(() -> {
      // Without the process: mounts of the running container are not part of the root.
      try (ContainerRoot.Opened opened = root.open(OptionalInt::empty);
          LayerWriter writer = new LayerWriter(tar)) {
        TreeArchive.of(opened.directory(), writer);
      }
    });
  }

  private interface Streaming {
    void run() throws IOException;
  }

  private static void streamed(Streaming work) throws IOException {
    try {
      work.run();
    } catch (RootfsException failed) {
      throw ContainerRoot.explain(failed);
    } catch (LinuxException failed) {
      throw failed(failed);
    }
  }

  private static <T> T explained(Supplier<T> work) {
    try {
      return work.get();
    } catch (RootfsException failed) {
      throw ContainerRoot.explain(failed);
    } catch (LinuxException failed) {
      throw failed(failed);
    }
  }

  private static SandboxException failed(LinuxException cause) {
    return new SandboxException(
        SandboxException.Kind.FAILED, String.valueOf(cause.getMessage()), cause);
  }
}
