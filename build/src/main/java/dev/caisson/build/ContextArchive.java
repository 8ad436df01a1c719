/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * A build context as a client sends it, a tar. Whatever its names, links and sizes say, nothing
 * gets outside the context.
 */
final class ContextArchive {
  /** A context larger than this is refused. */
  private static final long BYTES_LIMIT = 8L << 30;

  private static final int ENTRIES_LIMIT = 500_000;

  private final BuildContext context;

  ContextArchive(BuildContext context) {
    this.context = context;
  }

  /** Unpacks all of it; what was there of a name is replaced. */
  void extract(TarArchiveInputStream tar) throws IOException {
    long bytes = 0;
    int entries = 0;
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      bytes += Math.max(0, entry.getRealSize()); // of a sparse one what it will take
      if (++entries > ENTRIES_LIMIT || bytes > BYTES_LIMIT) {
        throw new BuildException(
            "the build context is larger than "
                + ENTRIES_LIMIT
                + " files or "
                + BYTES_LIMIT
                + " bytes; add a .dockerignore file");
      }
      Path target = context.inside(entry.getName());
      if (target.equals(context.root())) {
        continue;
      }
      extract(tar, entry, target);
    }
  }

  private void extract(TarArchiveInputStream tar, TarArchiveEntry entry, Path target)
      throws IOException {
    refuseLinkedParents(target, entry.getName());
    Files.createDirectories(target.resolveSibling(".").normalize());
    if (entry.isDirectory()) {
      Files.createDirectories(target);
      mode(target, entry);
    } else if (entry.isSymbolicLink()) {
      Files.deleteIfExists(target);
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
    } else if (entry.isLink()) {
      Path existing = context.inside(entry.getLinkName());
      refuseLinkedParents(existing, entry.getLinkName());
      Files.copy(
          existing,
          target,
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES,
          LinkOption.NOFOLLOW_LINKS);
    } else if (entry.isFile()) {
      Files.deleteIfExists(target);
      Files.copy(tar, target);
      mode(target, entry);
    } // devices and pipes have no place in a context
  }

  private static void mode(Path target, TarArchiveEntry entry) throws IOException {
    Files.setAttribute(
        target, "unix:mode", (entry.getMode() & 07777) | (entry.isDirectory() ? 0700 : 0600));
    Files.setLastModifiedTime(target, entry.getLastModifiedTime());
  }

  /** A later entry must not be written through a link an earlier one made. */
  private void refuseLinkedParents(Path target, String name) {
    for (Path parent = target.getParent();
        parent != null && parent.startsWith(context.root()) && !parent.equals(context.root());
        parent = parent.getParent()) {
      if (Files.isSymbolicLink(parent)) {
        throw new BuildException(
            "the build context's entry '" + name + "' lies behind a symbolic link");
      }
    }
  }
}
