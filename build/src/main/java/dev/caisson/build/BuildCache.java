/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Which image an instruction made last time: one small file a key, replaced atomically. A lost
 * entry costs a rebuild, nothing else.
 */
public final class BuildCache {
  private final Path directory;

  public BuildCache(Path directory) {
    this.directory = directory;
  }

  /** The image of {@code key}, if {@code exists} still knows it. */
  Optional<String> find(String key, Predicate<String> exists) {
    try {
      return Optional.of(Files.readString(directory.resolve(key))).filter(exists);
    } catch (NoSuchFileException never) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void put(String key, String image) {
    try {
      Files.createDirectories(directory);
      Path fresh = Files.createTempFile(directory, "new", "");
      Files.writeString(fresh, image);
      Files.move(fresh, directory.resolve(key), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Forgets everything; returns how many entries there were. */
  public int clear() {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      int count = 0;
      for (Path entry : entries.toList()) {
        Files.deleteIfExists(entry);
        count++;
      }
      return count;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
