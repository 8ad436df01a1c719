/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import java.util.function.Consumer;

/** An image made on this host from packages of its distribution, without any image registry. */
public interface BaseImage {
  /**
   * Makes the image and stores it.
   *
   * @param progress is told one line of what is going on at a time
   * @throws dev.caisson.rootfs.RootfsException UNAVAILABLE when a tool or package is missing
   */
  Image build(ImageStore store, Reference name, Consumer<String> progress);
}
