/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.DeviceNumber;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.TreeRemoval;
import dev.caisson.rootfs.overlay.InstanceOverlay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * An overlay that nothing was written to yet, mounted where no path leads to it.
 *
 * @param directory holds its upper and work directories
 * @param layers what the layers' paths led to when it was mounted
 */
record ReadyRoot(Of of, Path directory, DetachedMount mount, List<Identity> layers) {
  /**
   * What roots have in common that can stand for each other.
   *
   * @param layers topmost first
   * @param options of the mount
   */
  record Of(List<Path> layers, List<String> options) {
    Of {
      layers = List.copyOf(layers);
      options = List.copyOf(options);
    }

    private List<Identity> identities() {
      return layers.stream().map(Identity::of).toList();
    }
  }

  /** One directory as long as it exists. */
  record Identity(DeviceNumber device, long inode) {
    private static Identity of(Path path) {
      try (Directory directory = Directory.open(path)) {
        FileStatus status = directory.status();
        return new Identity(status.device(), status.inode());
      }
    }
  }

  /**
   * Makes one in a directory that does not exist yet.
   *
   * @throws LinuxException if this kernel or file system cannot, or has no room
   */
  static ReadyRoot make(Of of, Path directory) throws IOException {
    List<Identity> layers = of.identities();
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    DetachedMount mount =
        InstanceOverlay.in(directory, of.layers(), OverlayMarks.TRUSTED)
            .create()
            .detached(of.options(), Set.of());
    return new ReadyRoot(of, directory, mount, layers);
  }

  /** Moves it to a container, unless its image was removed, and perhaps made anew, since. */
  boolean moveTo(Path state) {
    try {
      if (!of.identities().equals(layers)) {
        return false;
      }
      move(state);
      return true;
    } catch (IOException | LinuxException changed) {
      return false;
    }
  }

  private void move(Path state) throws IOException {
    try {
      Files.move(directory, state, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException first) {
      Files.createDirectories(Objects.requireNonNull(state.getParent(), "a directory of ours"));
      Files.move(directory, state, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Unmounts and removes it. */
  void discard() {
    mount.close();
    remove(directory);
  }

  static void remove(Path directory) {
    Path parent = Objects.requireNonNull(directory.getParent(), "a directory of ours");
    try (Directory above = Directory.open(parent)) {
      TreeRemoval.remove(above, directory.getFileName().toString());
    } catch (LinuxException left) {
      // The next engine finds an empty directory.
    }
  }
}
