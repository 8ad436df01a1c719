/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.Images;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.RegistryAuth;
import java.util.Map;
import java.util.Optional;

/** The images, and what containers need of them. */
public interface ImageLibrary extends Images, AutoCloseable {
  /**
   * Finds an image and unpacks it if need be.
   *
   * @throws dev.caisson.engine.EngineException NOT_FOUND; INVALID for another platform's
   */
  Template template(String reference, Optional<String> platform);

  /**
   * Adds a layer to an image.
   *
   * @param base the image's id
   * @param config of the container, to be changed as {@code commit} says
   * @return the new image's id
   */
  String commit(String base, ImageConfig config, CommitSpec commit, LayerWriter layer);

  /**
   * Checks credentials with their registry.
   *
   * @throws dev.caisson.engine.EngineException UNAUTHORIZED, UNAVAILABLE
   */
  void login(RegistryAuth auth);

  /** Bytes of the image's unpacked layers; 0 when it is gone. */
  long size(String id);

  /** The same layer by layer, by the digest of each; empty when it is gone. */
  Map<String, Long> layerSizes(String id);

  @Override
  void close();

  /** Writes a layer as tar. */
  @FunctionalInterface
  interface LayerWriter {
    void write(java.io.OutputStream tar) throws java.io.IOException;
  }
}
