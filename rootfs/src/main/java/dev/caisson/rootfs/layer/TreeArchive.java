/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.ExtendedAttributes;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Writes a tree of files as the entries of a layer, sorted by name so that equal trees give equal
 * layers. Sockets are left out, as archives cannot hold them.
 */
public final class TreeArchive {
  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};
  private static final List<Entry.Extent> NO_HOLES = List.of();

  private final LayerWriter out;
  private final Optional<OverlayMarks> marks;
  private final Predicate<String> wanted;
  private final long latest;
  private final Map<Long, String> linked = new HashMap<>();

  private TreeArchive(
      LayerWriter out, Optional<OverlayMarks> marks, Predicate<String> wanted, long latest) {
    this.out = out;
    this.marks = marks;
    this.wanted = wanted;
    this.latest = latest;
  }

  /** Writes the upper directory of an overlay: whiteouts and opaque directories become entries. */
  public static void ofUpper(Directory upper, OverlayMarks marks, LayerWriter out)
      throws IOException {
    new TreeArchive(out, Optional.of(marks), _ -> true, Long.MAX_VALUE).directory(upper, "");
  }

  /** Writes an ordinary tree as it is. */
  public static void of(Directory root, LayerWriter out) throws IOException {
    of(root, _ -> true, Long.MAX_VALUE, out);
  }

  /**
   * Writes the wanted part of an ordinary tree.
   *
   * @param wanted of paths relative to the root; what it refuses is left out with all below
   * @param latest modification times after this are set to it, in seconds since 1970
   */
  public static void of(Directory root, Predicate<String> wanted, long latest, LayerWriter out)
      throws IOException {
    new TreeArchive(out, Optional.empty(), wanted, latest).directory(root, "");
  }

  /** Writes what is called {@code name}, with everything below it, under that name. */
  static void ofEntry(Directory parent, String name, LayerWriter out) throws IOException {
    new TreeArchive(out, Optional.empty(), _ -> true, Long.MAX_VALUE).entry(parent, name, name);
  }

  private void directory(Directory directory, String path) throws IOException {
    try {
      var attributes = attributes(directory.status(), ExtendedAttributes.of(directory.fd()));
      if (!path.isEmpty()) {
        out.add(new Entry.Directory(path, attributes));
      }
      if (marks.isPresent() && marks.get().isOpaque(directory.fd())) {
        out.add(new Entry.Opaque(path));
      }
      var names = new ArrayList<>(DirectoryEntry.list(directory.fd()));
      names.sort(Comparator.comparing(DirectoryEntry::name));
      for (var name : names) {
        var child = path.isEmpty() ? name.name() : path + "/" + name.name();
        if (wanted.test(child)) {
          entry(directory, name.name(), child);
        }
      }
    } catch (LinuxException e) {
      throw RootfsException.of("archiving \"" + path + "\"", e);
    }
  }

  private void entry(Directory parent, String name, String path) throws IOException {
    var status = parent.status(name);
    if (marks.isPresent() && OverlayMarks.hides(status)) {
      out.add(new Entry.Whiteout(path));
      return;
    }
    if (status.type() == FileType.DIRECTORY) {
      try (var directory = parent.resolve(name, STEP)) {
        directory(directory, path);
      }
      return;
    }
    if (status.links() > 1) {
      var first = linked.putIfAbsent(status.inode(), path);
      if (first != null) {
        out.add(new Entry.HardLink(path, plain(status), first));
        return;
      }
    }
    switch (status.type()) {
      case REGULAR -> file(parent, name, path);
      case SYMBOLIC_LINK ->
          out.add(new Entry.SymbolicLink(path, plain(status), parent.readLink(name)));
      case FIFO -> out.add(new Entry.Pipe(path, plain(status)));
      case CHARACTER_DEVICE, BLOCK_DEVICE ->
          out.add(
              new Entry.Device(
                  path,
                  plain(status),
                  status.type() == FileType.BLOCK_DEVICE,
                  status.node().major(),
                  status.node().minor()));
      case SOCKET, DIRECTORY -> {}
    }
  }

  private void file(Directory parent, String name, String path) throws IOException {
    try (var file = OpenFile.of(parent.openFile(name, 0, OpenFlag.READ, OpenFlag.NON_BLOCKING))) {
      // Of the open file: a workload may be changing the tree.
      var status = file.status();
      var attributes = attributes(status, ExtendedAttributes.of(file.fd()));
      var extents = status.allocated() < status.size() ? extents(file, status.size()) : NO_HOLES;
      var entry = new Entry.File(path, attributes, status.size(), extents);
      try (var data = new ExtentStream(file, entry)) {
        out.add(entry, data);
      }
    }
  }

  private static List<Entry.Extent> extents(OpenFile file, long size) {
    var extents = new ArrayList<Entry.Extent>();
    long position = 0;
    while (position < size) {
      var start = file.nextData(position);
      if (start.isEmpty() || start.getAsLong() >= size) {
        break;
      }
      long end = Math.min(size, file.nextHole(start.getAsLong()).orElse(size));
      extents.add(new Entry.Extent(start.getAsLong(), end - start.getAsLong()));
      position = end;
    }
    boolean whole = extents.size() == 1 && extents.getFirst().length() == size;
    if (extents.isEmpty()) {
      extents.add(new Entry.Extent(size, 0)); // one hole
    }
    return whole ? NO_HOLES : extents;
  }

  private Attributes plain(FileStatus status) {
    return attributes(status, Map.of());
  }

  private Attributes attributes(FileStatus status, ExtendedAttributes extended) {
    var kept = new HashMap<String, byte[]>();
    for (var name : extended.names()) {
      extended
          .get(name)
          .filter(value -> ExtendedAttributePolicy.keeps(name, value))
          .ifPresent(value -> kept.put(name, value));
    }
    return attributes(status, kept);
  }

  private Attributes attributes(FileStatus status, Map<String, byte[]> extended) {
    long seconds = status.modified().seconds();
    boolean clamped = seconds >= latest;
    return new Attributes(
        status.permissions(),
        status.user(),
        status.group(),
        clamped ? latest : seconds,
        clamped ? 0 : status.modified().nanos(),
        extended);
  }
}
