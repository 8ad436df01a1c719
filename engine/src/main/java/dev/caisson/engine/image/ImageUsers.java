/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import java.util.List;
import java.util.Set;

/** Tells what containers need of images, so that nothing is taken from under them. */
public interface ImageUsers {
  /**
   * The containers made of an image.
   *
   * @param imageId as {@code sha256:…}
   */
  List<User> of(String imageId);

  /** Ids of all layers containers stand on, also of images removed by force. */
  Set<String> layers();

  /** A container. */
  record User(String containerId, boolean running) {}
}
