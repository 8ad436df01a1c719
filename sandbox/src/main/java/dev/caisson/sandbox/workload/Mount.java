/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.OptionalInt;

/** One mount, by where its content comes from. */
public sealed interface Mount {
  /** An absolute path inside; made if missing. */
  String target();

  boolean readOnly();

  /** How mounts made later pass between host and workload. mount_namespaces(7) */
  enum Propagation {
    PRIVATE,
    RECURSIVE_PRIVATE,
    SHARED,
    RECURSIVE_SHARED,
    SLAVE,
    RECURSIVE_SLAVE
  }

  /**
   * A file or directory of the host.
   *
   * @param source must exist
   * @param recursive whether the mounts below it come along
   * @param recursiveReadOnly whether read-only holds for those too
   */
  record Bind(
      Path source,
      String target,
      boolean readOnly,
      boolean recursive,
      boolean recursiveReadOnly,
      Propagation propagation)
      implements Mount {
    public Bind {
      Text.checkInnerPath("mount target", target);
      if (!source.isAbsolute()) {
        throw SandboxException.invalid("mount source " + source, "must be absolute");
      }
    }

    public static Bind of(Path source, String target) {
      return new Bind(source, target, false, true, false, Propagation.RECURSIVE_PRIVATE);
    }

    public Bind asReadOnly() {
      return new Bind(source, target, true, recursive, recursiveReadOnly, propagation);
    }
  }

  /**
   * A volume: a directory the engine keeps.
   *
   * @param directory its content on the host
   * @param subpath a path within it, or empty; never followed out of it
   * @param copyUp whether an empty volume is first filled with what the image has at the target
   */
  record Volume(
      String name, Path directory, String subpath, String target, boolean readOnly, boolean copyUp)
      implements Mount {
    public Volume {
      Text.checkInnerPath("mount target", target);
      Text.checkNoNul("volume subpath", subpath);
      if (!directory.isAbsolute() || subpath.startsWith("/")) {
        throw SandboxException.invalid(
            "volume " + name, "needs an absolute directory and a relative subpath");
      }
    }

    public static Volume of(String name, Path directory, String target) {
      return new Volume(name, directory, "", target, false, true);
    }
  }

  /**
   * Memory.
   *
   * @param size bytes, or 0 for half of the host's memory, as the kernel has it
   * @param mode of the directory; Docker's default is 01777
   * @param executable whether programs may run from it
   */
  record Tmpfs(String target, long size, OptionalInt mode, boolean readOnly, boolean executable)
      implements Mount {
    public Tmpfs {
      Text.checkInnerPath("mount target", target);
      if (size < 0 || (mode.isPresent() && (mode.getAsInt() & ~07777) != 0)) {
        throw SandboxException.invalid("tmpfs " + target, "size or mode is out of range");
      }
    }

    public static Tmpfs of(String target) {
      return new Tmpfs(target, 0, OptionalInt.empty(), false, false);
    }
  }
}
