/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

import dev.caisson.linux.file.Directory;
import dev.caisson.linux.mount.DetachedMount;

/** A root file system mounted for a short while; {@link #directory} reaches it. */
public final class MountedRoot implements AutoCloseable {
  private final Directory directory;
  private final DetachedMount mount;

  private MountedRoot(Directory directory, DetachedMount mount) {
    this.directory = directory;
    this.mount = mount;
  }

  static MountedRoot of(DetachedMount mount) {
    try {
      return new MountedRoot(Directory.open(mount.fd().path()), mount);
    } catch (RuntimeException e) {
      mount.close();
      throw e;
    }
  }

  public Directory directory() {
    return directory;
  }

  @Override
  public void close() {
    directory.close();
    mount.close();
  }
}
