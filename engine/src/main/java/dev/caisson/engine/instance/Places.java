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
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** The directories of one container. */
public final class Places {
  private static final FileAttribute<?> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private Places() {}

  public static Place of(Path root, Path run, String id) {
    // The path of a Unix socket has room for 107 bytes, so sixteen digits must do. unix(7)
    return new Place(above(root).resolve(id), run.resolve("c").resolve(id.substring(0, 16)));
  }

  /** What holds the directories that outlive a boot, of all containers. */
  public static Path above(Path root) {
    return root.resolve("containers");
  }

  static boolean exists(Place place) {
    return Files.isDirectory(place.state()) || wasPrepared(place);
  }

  /** Whether a run was prepared there since the host was booted. */
  static boolean wasPrepared(Place place) {
    return Files.isDirectory(place.run());
  }

  /** Makes the directory of a run. */
  static void make(Place place) {
    try {
      if (!wasPrepared(place)) {
        Files.createDirectories(place.run().getParent());
        Files.createDirectory(place.run(), OURS_ALONE);
      }
    } catch (IOException e) {
      throw EngineException.io("cannot make " + place.run() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Removes both directories. Links in them are removed, not followed.
   *
   * @param aside on the same file system, emptied by every engine
   */
  static void remove(Place place, Path aside) {
    removeTree(place.run());
    // Some disks take their time to let a directory go, and whoever looks for another one beside it
    // waits meanwhile: so it goes where nobody looks.
    var leaving = aside.resolve(place.state().getFileName());
    try {
      Files.move(place.state(), leaving, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException notThere) {
      removeTree(place.state());
      return;
    }
    removeTree(leaving);
  }

  private static void removeTree(Path directory) {
    try {
      Trees.remove(directory);
    } catch (IOException e) {
      throw EngineException.io("cannot remove " + directory + ": " + e.getMessage(), e);
    }
  }
}
