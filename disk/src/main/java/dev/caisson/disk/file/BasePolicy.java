/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Which other files an image may make its opener open: its base, and its data file. */
@FunctionalInterface
public interface BasePolicy {

  /**
   * Decides about a name found in an image.
   *
   * @param image the file that holds the name
   * @return the file to open
   * @throws DiskException REFUSED
   */
  Path permit(Path image, String name);

  /** For images from strangers: no other file at all. */
  BasePolicy NONE =
      (image, name) -> {
        throw refused(image, name, "this image is not trusted to name other files");
      };

  /** Any regular file of this host. */
  BasePolicy LOCAL = BasePolicy::local;

  /** Only files that really lie (links followed) in these folders. */
  static BasePolicy within(List<Path> folders) {
    return (image, name) -> {
      Path file = local(image, name);
      for (Path folder : folders) {
        if (really(file).startsWith(really(folder))) {
          return file;
        }
      }
      throw refused(image, name, "it lies outside the allowed folders");
    };
  }

  private static Path local(Path image, String name) {
    int colon = name.indexOf(':');
    int slash = name.indexOf('/');
    if (name.isEmpty() || name.indexOf('\0') >= 0) {
      throw refused(image, name, "it is not a file name");
    }
    if (colon >= 0 && (slash < 0 || colon < slash)) {
      throw refused(image, name, "only plain files may be named, not protocols or descriptions");
    }
    Path folder = image.toAbsolutePath().getParent();
    return folder == null ? Path.of(name) : folder.resolve(name).normalize();
  }

  private static Path really(Path path) {
    try {
      return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath().normalize();
    } catch (IOException failure) {
      throw DiskException.io(path.toString(), failure);
    }
  }

  private static DiskException refused(Path image, String name, String why) {
    return new DiskException(
        DiskException.Kind.REFUSED, "%s: names '%s', but %s".formatted(image, name, why));
  }
}
