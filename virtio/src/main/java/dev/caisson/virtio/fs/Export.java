/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Fd;

/**
 * A directory, or one file, of the host that a guest sees under a name of the file system's root.
 *
 * @param name one component, such as "root" or "0"
 * @param file opened with O_PATH; the server closes it
 * @param readOnly whether changes are answered with EROFS
 * @param cacheSeconds how long the guest may trust what it knows, 0 to 86400: more than about 1
 *     only where nobody else changes the tree
 */
public record Export(String name, Fd file, boolean readOnly, int cacheSeconds) {
  public Export {
    if (name.isEmpty() || name.contains("/") || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException("export name \"" + name + "\"");
    }
    if (cacheSeconds < 0 || cacheSeconds > 86400) {
      throw new IllegalArgumentException("cache time of " + cacheSeconds + " s");
    }
  }
}
