/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

import dev.caisson.image.layer.LayerWriter;
import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.linux.mount.FileSystem;
import dev.caisson.linux.mount.MountAttribute;
import dev.caisson.linux.mount.MountFlag;
import dev.caisson.linux.mount.Mounts;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.TreeArchive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The root file system of one instance: an image's layers below, and what the instance changed in a
 * folder of its own. Documentation/filesystems/overlayfs.rst
 *
 * @param lower layer folders, topmost first
 * @param upper what the instance changed; holds only differences
 * @param work overlayfs's own, on the same file system as {@code upper}
 */
public record InstanceOverlay(List<Path> lower, Path upper, Path work, OverlayMarks marks) {
  // One at a time: two mounts of one overlay would take each other for what a killed process left.
  private static final Object BY_PATH = new Object();

  public InstanceOverlay {
    lower = List.copyOf(lower);
  }

  /** The overlay kept in {@code folder}, in {@code upper} and {@code work} below it. */
  public static InstanceOverlay in(Path folder, List<Path> lower, OverlayMarks marks) {
    return new InstanceOverlay(lower, folder.resolve("upper"), folder.resolve("work"), marks);
  }

  /**
   * Makes the folders of a new instance; the root directory takes owner and mode of the image's.
   */
  public InstanceOverlay create() {
    try {
      Files.createDirectories(upper);
      Files.createDirectories(work);
      try (var below = Directory.open(lower.getFirst());
          var above = Directory.open(upper);
          var file = OpenFile.of(above.fd().duplicate())) {
        var status = below.status();
        if (status.user() != above.status().user() || status.group() != above.status().group()) {
          file.changeOwner(status.user(), status.group());
        }
        file.changePermissions(status.permissions());
        file.changeTimes(null, status.modified());
      }
      return this;
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot make " + upper + ": " + e, e);
    } catch (LinuxException e) {
      throw RootfsException.of("making the overlay " + upper, e);
    }
  }

  /**
   * Options for the mount besides the directories. They keep the upper directory free of references
   * to the layers, whatever the kernel's defaults, so that it can be told and committed as a layer.
   */
  public List<String> options() {
    // With userxattr no references are followed anyway, and "off" is refused where the kernel's
    // default makes it "follow". overlayfs.rst, "User xattr"
    return marks == OverlayMarks.USER
        ? List.of("userxattr", "metacopy=off", "index=off")
        : List.of("redirect_dir=off", "metacopy=off", "index=off");
  }

  /**
   * Mounts the file system where no path leads to it, to look into or change an instance that is
   * not running. It is gone when closed, or with this process.
   */
  public MountedRoot mount() {
    try {
      return MountedRoot.of(detached(options(), Set.of(MountAttribute.NO_DEVICES)));
    } catch (LinuxException e) {
      if (e.is(Errno.EINVAL)) { // no "lowerdir+" before Linux 6.8
        return mountByPath();
      }
      throw RootfsException.of("mounting the overlay " + upper, e);
    }
  }

  /**
   * Mounts the file system where no path leads to it, to be attached somewhere later.
   *
   * @param options besides the directories
   * @throws LinuxException EINVAL before Linux 6.8
   */
  public DetachedMount detached(List<String> options, Set<MountAttribute> attributes) {
    try (var overlay = FileSystem.open("overlay")) {
      for (var layer : lower) {
        overlay.set("lowerdir+", layer.toString());
      }
      overlay.set("upperdir", upper.toString()).set("workdir", work.toString());
      for (var option : options) {
        int equals = option.indexOf('=');
        if (equals < 0) {
          overlay.set(option);
        } else {
          overlay.set(option.substring(0, equals), option.substring(equals + 1));
        }
      }
      return overlay.mount(attributes);
    }
  }

  /** On kernels that take the directories by mount(2) only; no path leads to it afterwards. */
  MountedRoot mountByPath() {
    var target = upper.resolveSibling("merged");
    var options =
        "lowerdir="
            + lower.stream().map(Path::toString).collect(Collectors.joining(":"))
            + ",upperdir="
            + upper
            + ",workdir="
            + work
            + ","
            + String.join(",", options());
    synchronized (BY_PATH) {
      return mountedAt(target, options);
    }
  }

  private static MountedRoot mountedAt(Path target, String options) {
    try {
      Files.createDirectories(target);
      detachLeft(target);
      Mounts.mount("overlay", target, "overlay", options, MountFlag.NO_DEVICES);
      try {
        return MountedRoot.of(DetachedMount.clone(target, false));
      } finally {
        Mounts.detach(target);
      }
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot make " + target + ": " + e, e);
    } catch (LinuxException e) {
      throw RootfsException.of("mounting the overlay at " + target, e);
    }
  }

  /** Takes away what a process left that was killed between two steps of {@link #mountedAt}. */
  private static void detachLeft(Path target) {
    try {
      while (true) {
        Mounts.detach(target);
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.EINVAL)) { // nothing is mounted there
        throw e;
      }
    }
  }

  /** What differs from the layers, sorted by path. */
  public List<Change> changes() {
    return Changes.of(this);
  }

  /** Writes what differs from the layers as the uncompressed archive of a layer. */
  public void exportChanges(OutputStream tar) throws IOException {
    try (var directory = Directory.open(upper);
        var writer = new LayerWriter(tar)) {
      TreeArchive.ofUpper(directory, marks, writer);
    } catch (LinuxException e) {
      throw RootfsException.of("reading " + upper, e);
    }
  }
}
