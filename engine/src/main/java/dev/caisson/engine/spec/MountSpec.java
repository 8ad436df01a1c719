/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** One mount asked for; {@code target} is an absolute path in the container. */
public sealed interface MountSpec {
  String target();

  boolean readOnly();

  /**
   * A directory or file of the host.
   *
   * @param createSource makes a missing source directory, as {@code -v} does; {@code --mount} does
   *     not
   * @param propagation {@code rprivate}, {@code rslave}, {@code rshared} or without the r; empty
   *     for rprivate
   * @param nonRecursive leaves out mounts beneath the source
   * @param relabel SELinux {@code z} or {@code Z}; empty for none
   */
  record Bind(
      String source,
      String target,
      boolean readOnly,
      boolean createSource,
      String propagation,
      boolean nonRecursive,
      String relabel)
      implements MountSpec {
    public static Bind of(String source, String target, boolean readOnly) {
      return new Bind(source, target, readOnly, true, "", false, "");
    }
  }

  /**
   * A volume, made if missing.
   *
   * @param name empty for an anonymous one
   * @param noCopy leaves a new volume empty instead of copying the image's files at {@code target}
   * @param subpath a directory in the volume; empty for its root
   */
  record Volume(
      String name,
      String target,
      boolean readOnly,
      boolean noCopy,
      String subpath,
      String driver,
      Map<String, String> driverOptions,
      Map<String, String> labels)
      implements MountSpec {
    public Volume {
      driverOptions = Map.copyOf(driverOptions);
      labels = Map.copyOf(labels);
    }

    public static Volume of(String name, String target, boolean readOnly) {
      return new Volume(name, target, readOnly, false, "", "local", Map.of(), Map.of());
    }
  }

  /**
   * Memory.
   *
   * @param size bytes; empty for half of the host's memory
   * @param mode permission bits; empty for 1777
   * @param options further ones as {@code noexec,uid=1000}
   */
  record Tmpfs(String target, boolean readOnly, OptionalLong size, OptionalInt mode, String options)
      implements MountSpec {}

  /** The files of an image, read-only unless said otherwise. */
  record Image(String source, String target, boolean readOnly, String subpath)
      implements MountSpec {}
}
