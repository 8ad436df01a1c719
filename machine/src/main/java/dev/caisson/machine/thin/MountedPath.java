/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.Resolution;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A path as the workload writes it, when it leads into a directory mounted from the host: files are
 * copied from and to there, since on the host the root file system shows only the place below.
 *
 * @param mount the mount it leads into
 * @param rest the path below the mount, beginning with a slash
 */
record MountedPath(Mount mount, String rest) {

  /** Empty when the path stays in the root file system. */
  static Optional<MountedPath> of(Workload workload, String path) {
    List<String> names = names(path);
    Optional<MountedPath> deepest = Optional.empty();
    int depth = 0;
    for (Mount mount : workload.mounts().mounts()) {
      List<String> target = names(mount.target());
      if (target.size() >= depth
          && target.size() <= names.size()
          && names.subList(0, target.size()).equals(target)) {
        depth = target.size();
        String rest = "/" + String.join("/", names.subList(depth, names.size()));
        deepest = Optional.of(new MountedPath(mount, rest));
      }
    }
    return deepest;
  }

  private static List<String> names(String path) {
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        names.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    return List.copyOf(names);
  }

  /**
   * @throws SandboxException UNSUPPORTED for what only the guest has, or for a single file
   */
  Directory open() {
    return switch (mount) {
      case Mount.Bind bind when Files.isDirectory(bind.source()) -> Directory.open(bind.source());
      case Mount.Bind bind ->
          throw SandboxException.unsupported(
              "copying " + bind.target(), "it is a file of the host: copy " + bind.source());
      case Mount.Volume volume -> volume(volume.directory(), volume.subpath());
      case Mount.Tmpfs tmpfs ->
          throw SandboxException.unsupported(
              "copying " + tmpfs.target(),
              "it is in the guest's memory; use exec with tar instead");
    };
  }

  private static Directory volume(Path directory, String subpath) {
    Directory whole = Directory.open(directory);
    if (subpath.isEmpty()) {
      return whole;
    }
    try (whole) {
      return whole.resolve(subpath, Resolution.IN_ROOT);
    }
  }
}
