/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.util.List;

/** The base images Caisson can make by itself, by name. */
public final class BaseImages {
  private BaseImages() {}

  public static List<String> names() {
    return List.of("busybox", "debian");
  }

  /**
   * The recipe called {@code name}.
   *
   * @param packages to add, for the images made of packages
   * @throws RootfsException NOT_FOUND, INVALID
   */
  public static BaseImage named(String name, List<String> packages) {
    return switch (name) {
      case "busybox" -> {
        if (!packages.isEmpty()) {
          throw new RootfsException(
              Kind.INVALID, "busybox has no packages; use debian to include " + packages);
        }
        yield new BusyboxImage();
      }
      case "debian" -> new DebianImage(packages);
      default ->
          throw new RootfsException(
              Kind.NOT_FOUND, "no base image called " + name + "; there are " + names());
    };
  }
}
