/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where builds keep things.
 *
 * @param scratch for temporary files
 * @param cache which images instructions made
 * @param mountCaches directories of {@code RUN --mount=type=cache}
 */
public record BuildPlace(Path scratch, BuildCache cache, Path mountCaches) {
  /** That of an engine. */
  public static BuildPlace of(Engine engine) {
    Path directory = engine.host().info().root().resolve("build");
    return new BuildPlace(
        engine.host().scratch(),
        new BuildCache(directory.resolve("cache")),
        directory.resolve("mounts"));
  }

  /** The bytes of each directory that {@code RUN --mount=type=cache} keeps, by its name. */
  public Map<String, Long> mountCacheSizes() {
    if (!Files.isDirectory(mountCaches)) {
      return Map.of();
    }
    Map<String, Long> sizes = new TreeMap<>();
    try (var caches = Files.list(mountCaches)) {
      for (Path cache : caches.toList()) {
        sizes.put(cache.getFileName().toString(), bytes(cache));
      }
      return sizes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      long bytes = 0;
      for (Path file : files.toList()) {
        bytes += Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
      }
      return bytes;
    }
  }

  /**
   * Forgets which images instructions made, and what {@code RUN --mount=type=cache} kept.
   *
   * @return the bytes freed
   */
  public long prune() {
    cache.clear();
    if (!Files.isDirectory(mountCaches)) {
      return 0;
    }
    try {
      long bytes = bytes(mountCaches);
      BuildContext.delete(mountCaches);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
