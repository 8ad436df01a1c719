/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.volume.Trees;
import dev.caisson.sandbox.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

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
      Trees.remove(directory);
    } catch (IOException e) {
      throw EngineException.io("cannot remove " + directory + ": " + e.getMessage(), e);
    }
  }
}
