/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * The files a build may read: one directory, its ignored files out of sight.
 *
 * <p>Nothing outside can be named: a path is taken apart word by word, {@code ..} never climbs
 * above the root, and a symbolic link is followed inside only.
 */
public final class BuildContext implements AutoCloseable {
  private static final int IGNORE_FILE_LIMIT = 1 << 20;

  /** As the kernel follows at most. path_resolution(7) */
  private static final int MOST_LINKS = 40;

  private final Path root;
  private final boolean owned;
  private final boolean filtered;
  private IgnoreRules rules = IgnoreRules.NONE;

  private BuildContext(Path root, boolean owned) {
    this(root, owned, false);
  }

  private BuildContext(Path root, boolean owned, boolean filtered) {
    this.root = root;
    this.owned = owned;
    this.filtered = filtered;
  }

  /** No files at all. */
  public static BuildContext empty(Path scratch) throws IOException {
    return new BuildContext(Files.createTempDirectory(scratch, "context"), true);
  }

  /** A directory of the caller's that has no ignored files in it any more, and is only read. */
  public static BuildContext filtered(Path directory) {
    return new BuildContext(directory.toAbsolutePath().normalize(), false, true);
  }

  /** The patterns of a {@code .dockerignore} file as BuildKit's clients want them. */
  public static List<String> ignorePatterns(String text) {
    return IgnoreRules.patterns(text);
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
      new ContextArchive(context).extract(new TarArchiveInputStream(tar, "UTF-8"));
      return context;
    } catch (IOException failed) {
      context.close();
      throw new BuildException("cannot read the build context: " + failed.getMessage(), failed);
    } catch (RuntimeException failed) {
      context.close();
      throw failed;
    }
  }

  /** Hides what {@code .dockerignore} (or {@code DOCKERFILE.dockerignore}) lists. */
  void applyIgnoreFile(String dockerfile) {
    if (filtered) {
      return;
    }
    for (String name : List.of(dockerfile + ".dockerignore", ".dockerignore")) {
      Path file = resolved(name);
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        rules = IgnoreRules.parse(text(name, IGNORE_FILE_LIMIT));
        return;
      }
    }
  }

  /** Reads a small file by its path in the context. */
  public String text(String name, int limit) {
    Path file = resolved(name);
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

  /** Where it lies. */
  public Path root() {
    return root;
  }

  /** Whether there is a file of this name in it. */
  public boolean has(String name) {
    return Files.isRegularFile(resolved(name), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * An image of nothing but these files, the same one for the same files.
   *
   * @return its id
   */
  public String asImage(Engine engine, BuildPlace place) throws IOException {
    String key = new CacheKey().add("CONTEXT").add(digest("")).hex();
    Optional<String> known = place.cache().find(key, image -> Builder.exists(engine, image));
    if (known.isPresent()) {
      return known.get();
    }
    Path file = Files.createTempFile(place.scratch(), "context", ".tar");
    try {
      var ownership = new LayerTar.Ownership(Optional.empty(), Optional.empty(), Optional.empty());
      try (var tar = new LayerTar(Files.newOutputStream(file), ownership)) {
        for (Path path : tree(root)) {
          if (!path.equals(root)) {
            ContextContents.path(tar, path, "/" + relative(path));
          }
        }
      }
      try (InputStream in = Files.newInputStream(file)) {
        String image =
            engine
                .images()
                .importRoot(in, Optional.empty(), "build context", List.of(), Optional.empty());
        place.cache().put(key, image);
        return image;
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /**
   * A file or directory that a source names.
   *
   * @param name its path in the context as it was written, without dots
   * @param file where that leads, links followed inside the context
   */
  record Match(String name, Path file) {}

  /** What {@code pattern} names, ignored files left out, in a stable order. */
  List<Match> matching(String pattern) {
    String plain = root.relativize(inside(pattern)).toString();
    if (!IgnoreRules.isGlob(plain)) {
      Path file = resolved(plain);
      return Files.exists(file, LinkOption.NOFOLLOW_LINKS) && isVisible(file)
          ? List.of(new Match(plain, file))
          : List.of();
    }
    IgnoreRules.Glob glob = IgnoreRules.Glob.of(plain);
    int depth = plain.contains("**") ? Integer.MAX_VALUE : Path.of(plain).getNameCount();
    List<Match> found = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(root, depth)) {
      walk.filter(path -> !path.equals(root) && glob.matches(relative(path)) && isVisible(path))
          .sorted()
          .forEach(path -> found.add(new Match(relative(path), path)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(found);
  }

  /** Whether it, or something in it, is not ignored. */
  private boolean isVisible(Path path) {
    if (path.equals(root) || !ignored(path)) {
      return true;
    }
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && tree(path).size() > 0;
  }

  /** {@code path} and all below it that is not ignored, parents first. */
  List<Path> tree(Path path) {
    try (Stream<Path> walk = Files.walk(path)) {
      return walk.filter(each -> each.equals(root) || !ignored(each)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of the files that a path names: what a cached result of reading them depends on. */
  String digest(String name) throws IOException {
    var ownership = new LayerTar.Ownership(Optional.empty(), Optional.empty(), Optional.empty());
    Path top = resolved(name);
    try (var tar = new LayerTar(OutputStream.nullOutputStream(), ownership)) {
      for (Path path : Files.exists(top, LinkOption.NOFOLLOW_LINKS) ? tree(top) : List.<Path>of()) {
        ContextContents.path(tar, path, "/" + top.relativize(path));
      }
      return tar.digest();
    }
  }

  /** Whether it shows every file there is. */
  boolean ignoresNothing() {
    return rules == IgnoreRules.NONE;
  }

  String relative(Path path) {
    return root.relativize(path).toString();
  }

  private boolean ignored(Path path) {
    return rules.ignores(relative(path));
  }

  /** {@code name} below the root, wherever its dots point; links are not followed. */
  Path inside(String name) {
    Path path = root;
    for (String word : name.split("/")) {
      path = step(path, word);
    }
    return path;
  }

  private Path step(Path path, String word) {
    return switch (word) {
      case "", "." -> path;
      case ".." -> path.equals(root) ? root : path.resolveSibling(".").normalize();
      default -> path.resolve(word);
    };
  }

  /** {@code name} with every link followed as if the context were the whole file system. */
  Path resolved(String name) {
    Deque<String> words = new ArrayDeque<>(List.of(name.split("/")));
    Path path = root;
    int links = 0;
    while (!words.isEmpty()) {
      Path next = step(path, words.pop());
      if (!next.equals(root) && Files.isSymbolicLink(next)) {
        if (++links > MOST_LINKS) {
          throw new BuildException("'" + name + "' in the build context is a link to itself");
        }
        String target = readLink(next);
        path = target.startsWith("/") ? root : path;
        List.of(target.split("/")).reversed().forEach(words::push);
      } else {
        path = next;
      }
    }
    return path;
  }

  private static String readLink(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (owned) {
      delete(root);
    }
  }

  /** Deletes a directory and all in it. */
  public static void delete(Path directory) {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
