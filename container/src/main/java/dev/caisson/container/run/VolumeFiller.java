/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.image.layer.LayerLimits;
import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.layer.ArchiveCopy;
import dev.caisson.rootfs.layer.Ownership;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Fills an empty volume with what the image has at its target, as Docker does. The image's links
 * are walked with its own root as "/" (CVE-2022-23648).
 */
record VolumeFiller(ContainerRoot root, Workload workload) {
  private static final int BUFFER = 64 << 10;

  void fill() {
    for (Mount mount : workload.mounts().mounts()) {
      if (mount instanceof Mount.Volume volume
          && volume.copyUp()
          && volume.subpath().isEmpty()
          && isEmpty(volume.directory())) {
        fill(volume);
      }
    }
  }

  private static boolean isEmpty(Path directory) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      return !entries.iterator().hasNext();
    } catch (IOException absent) {
      return false; // said with the mount itself
    }
  }

  private void fill(Mount.Volume volume) {
    try (ContainerRoot.Opened opened = root.open(OptionalInt::empty)) {
      Optional<Directory> source = find(opened.directory(), volume.target());
      if (source.isEmpty()) {
        return;
      }
      try (Directory from = source.get();
          Directory to = Directory.open(volume.directory())) {
        copy(from, to);
        FileStatus status = from.status();
        try (OpenFile target = OpenFile.of(to.fd().duplicate())) {
          target.changeOwner(status.user(), status.group());
          target.changePermissions(status.permissions());
        }
      }
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "fill volume " + volume.name() + " from " + volume.target(),
          failed);
    }
  }

  private static Optional<Directory> find(Directory image, String target) {
    try {
      return Optional.of(image.resolve(target, Resolution.IN_ROOT));
    } catch (LinuxException absent) {
      if (absent.is(Errno.ENOENT) || absent.is(Errno.ENOTDIR)) {
        return Optional.empty();
      }
      throw absent;
    }
  }

  /** Through a pipe of archive bytes, which carries owners, links, devices and attributes. */
  private static void copy(Directory from, Directory to) throws IOException {
    try (PipedOutputStream writing = new PipedOutputStream();
        PipedInputStream reading = new PipedInputStream(writing, BUFFER)) {
      var failure = new IOException[1];
      Thread writer =
          Thread.ofPlatform()
              .name("volume-fill")
              .start(() -> {
                try (writing) {
                  ArchiveCopy.out(from, "/.", writing);
                } catch (IOException failed) {
                  failure[0] = failed;
                }
              });
      ArchiveCopy.in(to, "/", reading, false, Ownership.EXACT, LayerLimits.DEFAULT);
      writer.join();
      if (failure[0] != null) {
        throw failure[0];
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", stop);
    }
  }
}
