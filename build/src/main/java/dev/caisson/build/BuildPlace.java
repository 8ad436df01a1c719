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
    try (var files = Files.walk(mountCaches)) {
      long bytes = 0;
      for (Path file : files.toList()) {
        bytes += Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
      }
      BuildContext.delete(mountCaches);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
