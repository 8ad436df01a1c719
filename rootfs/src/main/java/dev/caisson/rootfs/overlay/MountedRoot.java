/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

import dev.caisson.linux.file.Directory;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.linux.mount.Mounts;
import java.nio.file.Path;

/** A root file system mounted for a short while; {@link #directory} reaches it. */
public final class MountedRoot implements AutoCloseable {
  private final Directory directory;
  private final Runnable unmount;

  private MountedRoot(Directory directory, Runnable unmount) {
    this.directory = directory;
    this.unmount = unmount;
  }

  static MountedRoot detached(DetachedMount mount) {
    try {
      return new MountedRoot(Directory.open(mount.fd().path()), mount::close);
    } catch (RuntimeException e) {
      mount.close();
      throw e;
    }
  }

  static MountedRoot attached(Path target) {
    return new MountedRoot(Directory.open(target), () -> Mounts.detach(target));
  }

  public Directory directory() {
    return directory;
  }

  @Override
  public void close() {
    directory.close();
    unmount.run();
  }
}
