/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.EntrySource;
import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.DeviceNumber;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes entries below a directory: a layer into an empty folder, in the form overlayfs stacks, or
 * an archive into a tree that a workload may be changing. One use each.
 *
 * <p>A later entry replaces an earlier one of the same name, as in any archive. Directories get
 * their owner, mode and time at the end, because filling them changes the time and may need the
 * mode.
 */
final class Unpacker implements AutoCloseable {
  private final Directory root;
  private final Tree tree;
  private final Optional<OverlayMarks> marks;
  private final boolean keepKind;
  private final FileWriter writer;
  private final SortedMap<String, Attributes> directories =
      new TreeMap<>(Collections.reverseOrder());
  private final boolean mayLackDevices;
  private long entries;
  private long bytes;

  private Unpacker(
      Directory root, Optional<OverlayMarks> marks, boolean keepKind, Ownership ownership) {
    this.root = root;
    this.tree = new Tree(root, keepKind);
    this.marks = marks;
    this.keepKind = keepKind;
    this.writer = new FileWriter(ownership);
    this.mayLackDevices =
        ownership == Ownership.OWN || marks.equals(Optional.of(OverlayMarks.USER));
  }

  /** Unpacks a layer into the empty {@code root}. */
  static Unpacker ofLayer(Directory root, OverlayMarks marks, Ownership ownership) {
    return new Unpacker(root, Optional.of(marks), false, ownership);
  }

  /**
   * Unpacks an archive into a tree.
   *
   * @param keepKind refuse to replace a directory by something else, or the other way round
   */
  static Unpacker ofArchive(Directory root, boolean keepKind, Ownership ownership) {
    return new Unpacker(root, Optional.empty(), keepKind, ownership);
  }

  /** What a layer came to. */
  record Result(long entries, long bytes) {}

  /**
   * Unpacks the whole layer.
   *
   * @throws RootfsException INVALID, NO_SPACE, IO
   * @throws dev.caisson.image.ImageException as {@link EntrySource#next}
   */
  Result unpack(EntrySource layer) {
    for (var entry = layer.next(); entry.isPresent(); entry = layer.next()) {
      write(entry.get(), layer);
    }
    directories.forEach(this::finish);
    return new Result(entries, bytes);
  }

  private void write(Entry entry, EntrySource layer) {
    entries++;
    try {
      switch (entry) {
        case Entry.Directory e -> directory(e);
        case Entry.File e -> file(e, layer);
        case Entry.SymbolicLink e -> symbolicLink(e);
        case Entry.HardLink e -> hardLink(e);
        case Entry.Device e -> device(e);
        case Entry.Pipe e -> node(e.path(), e.attributes(), FileType.FIFO, DeviceNumber.NONE);
        case Entry.Whiteout e -> whiteout(e.path());
        case Entry.Opaque e -> makeOpaque(e.path());
      }
    } catch (LinuxException e) {
      throw RootfsException.of("unpacking \"" + entry.path() + "\"", e);
    }
  }

  private void directory(Entry.Directory entry) {
    var path = entry.path();
    directories.put(path, entry.attributes());
    if (path.isEmpty()) {
      return;
    }
    var parent = tree.directory(parent(path));
    try {
      parent.makeDirectory(name(path), 0700);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      directoryOver(parent, path);
    }
  }

  private void directoryOver(Directory parent, String path) {
    var there = parent.status(name(path));
    if (there.type() == FileType.DIRECTORY) {
      return;
    }
    requireMayReplace(false, path);
    parent.remove(name(path));
    parent.makeDirectory(name(path), 0700);
    if (OverlayMarks.hides(there)) {
      // The layer removed what was below and then made a directory: nothing shines through.
      makeOpaque(path);
    }
  }

  private void file(Entry.File entry, EntrySource layer) {
    var path = entry.path();
    var parent = tree.directory(parent(path));
    bytes += entry.size();
    replacing(
        parent,
        path,
        () ->
            writer.write(
                parent.openFile(
                    name(path),
                    entry.attributes().permissions() & 0777,
                    OpenFlag.CREATE,
                    OpenFlag.EXCLUSIVE,
                    OpenFlag.WRITE),
                entry,
                layer));
  }

  private void symbolicLink(Entry.SymbolicLink entry) {
    var parent = tree.directory(parent(entry.path()));
    var name = name(entry.path());
    replacing(parent, entry.path(), () -> parent.makeSymbolicLink(name, entry.target()));
    writer.finishLink(parent, name, entry.attributes());
  }

  private void hardLink(Entry.HardLink entry) {
    if (entry.path().equals(entry.target())) {
      return;
    }
    var parent = tree.directory(parent(entry.path()));
    if (parent(entry.target()).equals(parent(entry.path()))) {
      replacing(parent, entry.path(), () -> link(parent, entry, parent));
      return;
    }
    try (var from = root.resolve(slash(parent(entry.target())), Resolution.IN_ROOT)) {
      replacing(parent, entry.path(), () -> link(from, entry, parent));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        throw missing(entry);
      }
      throw e;
    }
  }

  private static void link(Directory from, Entry.HardLink entry, Directory to) {
    try {
      from.link(name(entry.target()), to, name(entry.path()));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.EPERM)) {
        throw missing(entry);
      }
      throw e;
    }
  }

  private static RootfsException missing(Entry.HardLink entry) {
    return new RootfsException(
        Kind.INVALID,
        "\""
            + entry.path()
            + "\" is a hard link to \""
            + entry.target()
            + "\", which is no file of this layer");
  }

  private void device(Entry.Device entry) {
    if (marks.isPresent() && !entry.block() && entry.major() == 0 && entry.minor() == 0) {
      whiteout(entry.path()); // what overlayfs itself makes of one
      return;
    }
    var type = entry.block() ? FileType.BLOCK_DEVICE : FileType.CHARACTER_DEVICE;
    try {
      node(entry.path(), entry.attributes(), type, new DeviceNumber(entry.major(), entry.minor()));
    } catch (LinuxException e) {
      // Without privilege a device cannot be made, nor would opening it be allowed.
      if (!e.is(Errno.EPERM) || !mayLackDevices) {
        throw e;
      }
    }
  }

  private void node(String path, Attributes attributes, FileType type, DeviceNumber number) {
    var parent = tree.directory(parent(path));
    replacing(parent, path, () -> parent.makeNode(name(path), type, 0600, number));
    writer.finishNode(parent, name(path), attributes);
  }

  private void makeOpaque(String path) {
    marks.ifPresent(m -> m.makeOpaque(tree.directory(path).fd()));
  }

  private void whiteout(String path) {
    var parent = tree.directory(parent(path));
    try {
      OverlayMarks.hide(parent, name(path));
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      // Whiteouts speak of the layers below, never of this one's own files.
      if (parent.status(name(path)).type() == FileType.DIRECTORY) {
        makeOpaque(path);
      }
    }
  }

  /** Makes something at {@code path}, removing first what the layer already put there. */
  private void replacing(Directory parent, String path, Runnable make) {
    try {
      make.run();
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      if (parent.status(name(path)).type() == FileType.DIRECTORY) {
        requireMayReplace(true, path);
      }
      TreeRemoval.remove(parent, name(path));
      make.run();
    }
  }

  private void requireMayReplace(boolean directory, String path) {
    if (keepKind) {
      throw new RootfsException(
          Kind.INVALID,
          directory
              ? "cannot overwrite directory \"/" + path + "\" with a file"
              : "cannot overwrite file \"/" + path + "\" with a directory");
    }
  }

  private void finish(String path, Attributes attributes) {
    try {
      if (path.isEmpty()) {
        writer.finishDirectory(root, attributes);
        return;
      }
      try (var parent = root.resolve(slash(parent(path)), Resolution.IN_ROOT)) {
        if (parent.status(name(path)).type() == FileType.DIRECTORY) {
          try (var directory =
              parent.resolve(name(path), Resolution.BENEATH, Resolution.NO_SYMLINKS)) {
            writer.finishDirectory(directory, attributes);
          }
        }
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR)) { // replaced by a later entry
        throw RootfsException.of("unpacking \"" + path + "\"", e);
      }
    }
  }

  private static String slash(String path) {
    return path.isEmpty() ? "/" : path;
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public void close() {
    tree.close();
    writer.close();
  }
}
