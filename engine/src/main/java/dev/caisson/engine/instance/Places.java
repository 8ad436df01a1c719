/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.sandbox.Place;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The directories of one container. */
final class Places {
  private static final FileAttribute<?> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private Places() {}

  static Place of(Path root, Path run, String id) {
    // The path of a Unix socket has room for 107 bytes, so sixteen digits must do. unix(7)
    return new Place(
        root.resolve("containers").resolve(id), run.resolve("c").resolve(id.substring(0, 16)));
  }

  static boolean exists(Place place) {
    return Files.isDirectory(place.state());
  }

  static void make(Place place) {
    try {
      Files.createDirectories(place.state().getParent());
      Files.createDirectories(place.run().getParent());
      for (var directory : new Path[] {place.state(), place.run()}) {
        if (!Files.isDirectory(directory)) {
          Files.createDirectory(directory, OURS_ALONE);
        }
      }
    } catch (IOException e) {
      throw EngineException.io("cannot make " + place.state() + ": " + e.getMessage(), e);
    }
  }

  /** Removes both directories. Links in them are removed, not followed. */
  static void remove(Place place) {
    removeTree(place.run());
    removeTree(place.state());
  }

  private static void removeTree(Path directory) {
    try {
      Files.walkFileTree(directory, new Remover());
    } catch (NoSuchFileException e) {
      // that is what is wanted
    } catch (IOException e) {
      throw EngineException.io("cannot remove " + directory + ": " + e.getMessage(), e);
    }
  }

  private static final class Remover extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
