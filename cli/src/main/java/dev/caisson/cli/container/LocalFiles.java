/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * The caller's files as tar streams. What a container sends is not trusted to stay in its place.
 */
final class LocalFiles {
  private static final int FIFO = 0010000; // S_IFIFO, inode(7)

  private LocalFiles() {}

  /** Writes a file or tree, its root named {@code name}. */
  static void pack(Path root, String name, OutputStream out) throws IOException {
    try (var tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      try (var files = Files.walk(root)) {
        for (var file : (Iterable<Path>) files::iterator) {
          var relative = root.relativize(file).toString();
          if (name.equals(".") && relative.isEmpty()) {
            continue;
          }
          var inner =
              name.equals(".") ? relative : relative.isEmpty() ? name : name + "/" + relative;
          add(tar, file, inner);
        }
      }
    }
  }

  private static void add(TarArchiveOutputStream tar, Path file, String name) throws IOException {
    int type =
        ((Number) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS)).intValue()
            & 0170000;
    if (type == FIFO) {
      tar.putArchiveEntry(new TarArchiveEntry(name, TarConstants.LF_FIFO));
    } else if (Files.isSymbolicLink(file)) {
      var entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
      entry.setLinkName(Files.readSymbolicLink(file).toString());
      tar.putArchiveEntry(entry);
    } else if (Files.isDirectory(file) || Files.isRegularFile(file)) {
      var entry = new TarArchiveEntry(Files.isDirectory(file) ? name + "/" : name);
      entry.setMode(((Number) Files.getAttribute(file, "unix:mode")).intValue());
      entry.setUserId(((Number) Files.getAttribute(file, "unix:uid")).intValue());
      entry.setGroupId(((Number) Files.getAttribute(file, "unix:gid")).intValue());
      entry.setModTime(Files.getLastModifiedTime(file));
      entry.setSize(Files.isDirectory(file) ? 0 : Files.size(file));
      tar.putArchiveEntry(entry);
      if (Files.isRegularFile(file)) {
        Files.copy(file, tar);
      }
    } else {
      return; // sockets and devices stay where they are
    }
    tar.closeArchiveEntry();
  }

  /**
   * Unpacks what a container sent.
   *
   * @param packed the name of the archive's root, to be changed to {@code name}
   */
  static void unpack(InputStream in, Path directory, String packed, String name)
      throws IOException {
    var base = directory.toRealPath();
    try (var tar = new TarArchiveInputStream(in, "UTF-8")) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        var inner = Path.of(entry.getName()).normalize();
        if (name.equals(".") && (inner.equals(Path.of(packed)) || inner.toString().isEmpty())) {
          continue; // the directory whose content is wanted
        }
        if (entry.isLink()) {
          var first = Path.of(entry.getLinkName()).normalize();
          link(entry, base, renamed(first, packed, name), renamed(inner, packed, name));
        } else {
          extract(tar, entry, base, base.resolve(renamed(inner, packed, name)).normalize());
        }
      }
    }
  }

  private static Path renamed(Path inner, String packed, String name) {
    if (!inner.startsWith(packed)) {
      return inner;
    }
    return inner.getNameCount() == 1
        ? Path.of(name)
        : Path.of(name).resolve(inner.subpath(1, inner.getNameCount()));
  }

  /** A second name becomes a file of its own: a link could lead to what was here before. */
  private static void link(TarArchiveEntry entry, Path base, Path first, Path second)
      throws IOException {
    var from = base.resolve(first).normalize();
    var to = base.resolve(second).normalize();
    if (!Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)
        || !from.toRealPath().startsWith(base)
        || !to.startsWith(base)
        || to.equals(from)) {
      throw refused(entry);
    }
    var parent = to.getParent();
    if (parent == null) {
      throw refused(entry);
    }
    Files.createDirectories(parent);
    if (!parent.toRealPath().startsWith(base)) {
      throw refused(entry);
    }
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
  }

  private static void extract(
      TarArchiveInputStream tar, TarArchiveEntry entry, Path base, Path file) throws IOException {
    var parent = file.getParent();
    if (parent == null || !file.startsWith(base) || file.equals(base)) {
      throw refused(entry);
    }
    Files.createDirectories(parent);
    // A link unpacked before must not lead a later entry out.
    if (!parent.toRealPath().startsWith(base)) {
      throw refused(entry);
    }
    if (entry.isDirectory()) {
      if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(file);
      }
    } else if (entry.isSymbolicLink()) {
      Files.deleteIfExists(file);
      Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
      return;
    } else if (entry.isFile()) {
      Files.deleteIfExists(file);
      Files.copy(tar, file, StandardCopyOption.REPLACE_EXISTING);
    } else {
      return; // devices and pipes do not leave a container
    }
    Files.setPosixFilePermissions(file, permissions(entry.getMode()));
    Files.setLastModifiedTime(file, FileTime.from(entry.getLastModifiedDate().toInstant()));
  }

  private static EngineException refused(TarArchiveEntry entry) {
    return EngineException.invalid(
        "the archive's entry " + entry.getName() + " leads out of its place", "");
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    var chosen = EnumSet.noneOf(PosixFilePermission.class);
    var all = PosixFilePermission.values(); // owner, group, others: read, write, execute
    for (int i = 0; i < all.length; i++) {
      if ((mode & (0400 >> i)) != 0) {
        chosen.add(all[i]);
      }
    }
    return chosen;
  }
}
