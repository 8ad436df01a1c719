/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.OverlayMarks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Compares the upper directory of an overlay with the layers below it. */
final class Changes {
  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};

  private final List<Directory> layers;
  private final OverlayMarks marks;
  private final List<Change> changes = new ArrayList<>();

  private Changes(List<Directory> layers, OverlayMarks marks) {
    this.layers = layers;
    this.marks = marks;
  }

  static List<Change> of(InstanceOverlay overlay) {
    var layers = new ArrayList<Directory>();
    try (var upper = Directory.open(overlay.upper())) {
      overlay.lower().forEach(path -> layers.add(Directory.open(path)));
      var found = new Changes(layers, overlay.marks());
      found.compare(upper, "");
      found.changes.sort(Comparator.comparing(Change::path));
      return List.copyOf(found.changes);
    } catch (LinuxException e) {
      throw RootfsException.of("comparing " + overlay.upper(), e);
    } finally {
      layers.forEach(Directory::close);
    }
  }

  private void compare(Directory upper, String path) {
    for (var entry : DirectoryEntry.list(upper.fd())) {
      var child = path + "/" + entry.name();
      var status = upper.status(entry.name());
      var below = below(child);
      if (OverlayMarks.hides(status)) {
        below.ifPresent(_ -> changes.add(new Change(Change.Kind.DELETED, child)));
        continue;
      }
      var kind = below.isPresent() ? Change.Kind.MODIFIED : Change.Kind.ADDED;
      if (status.type() != FileType.DIRECTORY) {
        changes.add(new Change(kind, child));
        continue;
      }
      int before = changes.size();
      try (var directory = upper.resolve(entry.name(), STEP)) {
        compare(directory, child);
      }
      // What something changed in counts as changed, as dockerd has it, though its time may not
      // tell.
      if (changes.size() > before || below.map(old -> !sameDirectory(old, status)).orElse(true)) {
        changes.add(new Change(kind, child));
      }
    }
  }

  // A directory is copied up when something in it changes; its time tells whether itself did.
  private static boolean sameDirectory(FileStatus old, FileStatus now) {
    return old.type() == FileType.DIRECTORY
        && old.permissions() == now.permissions()
        && old.user() == now.user()
        && old.group() == now.group()
        && old.modified().equals(now.modified());
  }

  /** What the layers show at {@code path}. */
  private Optional<FileStatus> below(String path) {
    for (var layer : layers) {
      var found = in(layer, path);
      if (found.isPresent()) {
        return found.filter(status -> !OverlayMarks.hides(status));
      }
      if (hiddenIn(layer, path)) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Optional<FileStatus> in(Directory layer, String path) {
    int slash = path.lastIndexOf('/');
    try (var parent = layer.resolve(slash == 0 ? "." : path.substring(1, slash), STEP)) {
      return Optional.of(parent.status(path.substring(slash + 1)));
    } catch (LinuxException e) {
      return switch (e.errno()) {
        case ENOENT, ENOTDIR, ELOOP -> Optional.empty();
        default -> throw e;
      };
    }
  }

  /** Whether this layer removes, or covers as a whole, a directory on the way to {@code path}. */
  private boolean hiddenIn(Directory layer, String path) {
    for (int slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      var ancestor = path.substring(0, slash);
      var status = in(layer, ancestor);
      if (status.isEmpty()) {
        continue;
      }
      if (status.get().type() != FileType.DIRECTORY) {
        return true;
      }
      try (var directory = layer.resolve(ancestor.substring(1), STEP)) {
        if (marks.isOpaque(directory.fd())) {
          return true;
        }
      }
    }
    return false;
  }
}
