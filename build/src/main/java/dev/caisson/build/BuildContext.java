/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * The files a build may read: one directory, its ignored files out of sight.
 *
 * <p>Nothing outside can be named: a path is taken apart word by word, {@code ..} never climbs
 * above the root, and a symbolic link is copied, not followed.
 */
public final class BuildContext implements AutoCloseable {
  /** A context larger than this is refused. */
  private static final long BYTES_LIMIT = 8L << 30;

  private static final int ENTRIES_LIMIT = 500_000;

  private final Path root;
  private final boolean owned;
  private IgnoreRules rules = IgnoreRules.NONE;

  private BuildContext(Path root, boolean owned) {
    this.root = root;
    this.owned = owned;
  }

  /** A directory of the caller's, which is only read. */
  public static BuildContext of(Path directory) {
    return new BuildContext(directory.toAbsolutePath().normalize(), false);
  }

  /**
   * Unpacks a tar stream into a new directory below {@code scratch}, which {@link #close} deletes.
   */
  public static BuildContext unpack(InputStream tar, Path scratch) throws IOException {
    Files.createDirectories(scratch);
    BuildContext context = new BuildContext(Files.createTempDirectory(scratch, "context"), true);
    try {
      context.extract(new TarArchiveInputStream(tar, "UTF-8"));
      return context;
    } catch (IOException | RuntimeException failed) {
      context.close();
      throw failed;
    }
  }

  private void extract(TarArchiveInputStream tar) throws IOException {
    long bytes = 0;
    int entries = 0;
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      bytes += Math.max(0, entry.getSize());
      if (++entries > ENTRIES_LIMIT || bytes > BYTES_LIMIT) {
        throw new BuildException(
            "the build context is larger than "
                + ENTRIES_LIMIT
                + " files or "
                + BYTES_LIMIT
                + " bytes; add a .dockerignore file");
      }
      Path target = inside(entry.getName());
      if (target.equals(root)) {
        continue;
      }
      refuseLinkedParents(target, entry.getName());
      Files.createDirectories(target.resolveSibling(".").normalize());
      if (entry.isDirectory()) {
        Files.createDirectories(target);
        mode(target, entry);
      } else if (entry.isSymbolicLink()) {
        Files.deleteIfExists(target);
        Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
      } else if (entry.isLink()) {
        Path existing = inside(entry.getLinkName());
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
  }

  private static void mode(Path target, TarArchiveEntry entry) throws IOException {
    Files.setAttribute(
        target, "unix:mode", (entry.getMode() & 07777) | (entry.isDirectory() ? 0700 : 0600));
    Files.setLastModifiedTime(target, entry.getLastModifiedTime());
  }

  /** A later entry must not be written through a link an earlier one made. */
  private void refuseLinkedParents(Path target, String name) {
    for (Path parent = target.getParent();
        parent != null && parent.startsWith(root) && !parent.equals(root);
        parent = parent.getParent()) {
      if (Files.isSymbolicLink(parent)) {
        throw new BuildException(
            "the build context's entry '" + name + "' lies behind a symbolic link");
      }
    }
  }

  /** Hides what {@code .dockerignore} (or {@code DOCKERFILE.dockerignore}) lists. */
  void applyIgnoreFile(String dockerfile) {
    for (String name : List.of(dockerfile + ".dockerignore", ".dockerignore")) {
      Path file = inside(name);
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        try {
          rules = IgnoreRules.parse(Files.readString(file));
          return;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** Reads a small file by its path in the context. */
  String text(String name, int limit) {
    Path file = inside(name);
    refuseLinkedParents(file, name);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new BuildException("there is no file '" + name + "' in the build context");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw new BuildException("'" + name + "' is larger than " + limit + " bytes");
      }
      return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What {@code pattern} names, ignored files left out, in a stable order. */
  List<Path> matching(String pattern) {
    Path direct = inside(pattern);
    if (!IgnoreRules.isGlob(pattern)) {
      refuseLinkedParents(direct, pattern);
      boolean visible =
          Files.exists(direct, LinkOption.NOFOLLOW_LINKS)
              && (direct.equals(root) || !ignored(direct));
      return visible ? List.of(direct) : List.of();
    }
    IgnoreRules.Glob glob = IgnoreRules.Glob.of(root.relativize(direct).toString());
    List<Path> found = new ArrayList<>();
    int depth = root.relativize(direct).getNameCount();
    try (Stream<Path> walk = Files.walk(root, depth)) {
      walk.filter(path -> !path.equals(root) && glob.matches(relative(path)) && !ignored(path))
          .sorted()
          .forEach(found::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(found);
  }

  /** {@code path} and all below it that is not ignored, parents first. */
  List<Path> tree(Path path) {
    try (Stream<Path> walk = Files.walk(path)) {
      return walk.filter(each -> each.equals(root) || !ignored(each)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String relative(Path path) {
    return root.relativize(path).toString();
  }

  private boolean ignored(Path path) {
    return rules.ignores(relative(path));
  }

  /** {@code name} below the root, wherever its dots point. */
  private Path inside(String name) {
    Path path = root;
    for (String word : name.split("/")) {
      switch (word) {
        case "", "." -> {}
        case ".." -> path = path.equals(root) ? root : path.resolveSibling(".").normalize();
        default -> path = path.resolve(word);
      }
    }
    return path;
  }

  @Override
  public void close() {
    if (owned) {
      delete(root);
    }
  }

  static void delete(Path directory) {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
