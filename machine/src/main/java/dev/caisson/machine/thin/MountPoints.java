/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import java.util.List;

/**
 * What a plan mounts on, made by the host where the guest may not write: in a root file system that
 * is exported read-only.
 */
final class MountPoints {
  private static final List<String> SYSTEM = List.of("/proc", "/sys", "/dev");

  private final Directory root;

  private MountPoints(Directory root) {
    this.root = root;
  }

  /**
   * @param files targets that are single files
   * @param directories all others
   */
  static void make(Directory root, List<String> files, List<String> directories) {
    var points = new MountPoints(root);
    SYSTEM.forEach(points::directory);
    directories.forEach(points::directory);
    files.forEach(points::file);
  }

  /** With its parents; links are followed inside the root. */
  private void directory(String path) {
    StringBuilder walked = new StringBuilder();
    for (String name : path.split("/")) {
      if (!name.isEmpty()) {
        String parent = walked.isEmpty() ? "/" : walked.toString();
        walked.append('/').append(name);
        if (!exists(walked.toString())) {
          try (Directory above = root.resolve(parent, Resolution.IN_ROOT)) {
            above.makeDirectory(name, 0755);
          }
        }
      }
    }
  }

  private void file(String path) {
    if (exists(path)) {
      return;
    }
    int slash = path.lastIndexOf('/');
    String parent = slash <= 0 ? "/" : path.substring(0, slash);
    directory(parent);
    try (Directory above = root.resolve(parent, Resolution.IN_ROOT)) {
      above.openFile(path.substring(slash + 1), 0644, OpenFlag.CREATE, OpenFlag.WRITE).close();
    }
  }

  private boolean exists(String path) {
    try (Fd found = root.locate(path, Resolution.IN_ROOT)) {
      return found.number() >= 0;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }
}
