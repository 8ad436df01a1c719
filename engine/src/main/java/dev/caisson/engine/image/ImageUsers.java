/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import java.util.List;

/** Tells which containers are made of an image, so that it is not taken from under them. */
@FunctionalInterface
public interface ImageUsers {
  /**
   * @param imageId as {@code sha256:…}
   */
  List<User> of(String imageId);

  /** A container. */
  record User(String containerId, boolean running) {}
}
