/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Errno;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Copies a tree as it is, with owners, modes, times, extended attributes, links, holes and device
 * nodes: also the upper directory of an overlay, whose marks are such nodes and attributes. Blocks
 * are shared where the file system can.
 */
public final class TreeCopy {
  private static final long PART = 1 << 20;

  /** What the kernel says when it does not copy between these two file systems itself. */
  private static final Set<Errno> IN_MEMORY =
      EnumSet.of(Errno.EXDEV, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP);

  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};

  /** Where the first name of a file with several was copied to. */
  private record Copied(Directory directory, String name) {}

  private final Map<Long, Copied> linked = new HashMap<>();

  private TreeCopy() {}

  /**
   * Copies everything in {@code source} to {@code target}, and what {@code source} itself is like.
   * Nobody else may be changing either.
   *
   * @param target an empty directory
   * @throws RootfsException IO, for want of room among others
   */
  public static void of(Directory source, Directory target) {
    var copy = new TreeCopy();
    try {
      copy.directory(source, target);
    } catch (LinuxException e) {
      throw RootfsException.of("copying " + source, e);
    } finally {
      copy.linked.values().forEach(first -> first.directory().close());
    }
  }

  private void directory(Directory source, Directory target) {
    for (var entry : DirectoryEntry.list(source.fd())) {
      entry(source, entry.name(), target);
    }
    FileStatus status = source.status();
    try (var made = OpenFile.of(target.fd().duplicate())) {
      made.changeOwner(status.user(), status.group());
      attributes(ExtendedAttributes.of(source.fd()), ExtendedAttributes.of(target.fd()));
      made.changePermissions(status.permissions());
      made.changeTimes(status.accessed(), status.modified());
    }
  }

  private void entry(Directory source, String name, Directory target) {
    FileStatus status = source.status(name);
    if (status.type() == FileType.DIRECTORY) {
      target.makeDirectory(name, 0700);
      try (var from = source.resolve(name, STEP);
          var to = target.resolve(name, STEP)) {
        directory(from, to);
      }
      return;
    }
    if (status.links() > 1) {
      Copied first = linked.get(status.inode());
      if (first != null) {
        first.directory().link(first.name(), target, name);
        return;
      }
      linked.put(status.inode(), new Copied(Directory.of(target.fd().duplicate()), name));
    }
    switch (status.type()) {
      case REGULAR -> file(source, name, target, status);
      case SYMBOLIC_LINK -> target.makeSymbolicLink(name, source.readLink(name));
      default -> target.makeNode(name, status.type(), 0600, status.node());
    }
    target.changeOwner(name, status.user(), status.group());
    try (var from = source.locateNoFollow(name, STEP[0]);
        var to = target.locateNoFollow(name, STEP[0])) {
      attributes(ExtendedAttributes.of(from), ExtendedAttributes.of(to));
    }
    if (status.type() != FileType.SYMBOLIC_LINK) {
      target.changePermissions(name, status.permissions());
    }
    target.changeTimes(name, status.accessed(), status.modified());
  }

  private static void file(Directory source, String name, Directory target, FileStatus status) {
    try (var from = OpenFile.of(source.openFile(name, 0, OpenFlag.READ, OpenFlag.NON_BLOCKING));
        var to =
            OpenFile.of(
                target.openFile(name, 0600, OpenFlag.CREATE, OpenFlag.EXCLUSIVE, OpenFlag.WRITE))) {
      to.truncate(status.size());
      long position = 0;
      while (position < status.size()) {
        var start = from.nextData(position);
        if (start.isEmpty()) {
          return;
        }
        long end = from.nextHole(start.getAsLong()).orElse(status.size());
        for (position = start.getAsLong(); position < end; ) {
          long count = part(from, to, position, end - position);
          if (count == 0) {
            return; // it got shorter
          }
          position += count;
        }
      }
    }
  }

  /** How many bytes were copied; 0 at the end of the file. */
  private static long part(OpenFile from, OpenFile to, long position, long length) {
    try {
      return from.copyTo(to, position, position, length);
    } catch (LinuxException e) {
      if (!IN_MEMORY.contains(e.errno())) {
        throw e;
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.min(length, PART));
      long count = from.read(bytes, position);
      to.writeFully(bytes.asSlice(0, count), position);
      return count;
    }
  }

  private static void attributes(ExtendedAttributes source, ExtendedAttributes target) {
    for (var name : source.names()) {
      source.get(name).ifPresent(value -> target.set(name, value));
    }
  }
}
