/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.util.List;

/**
 * What an image gives to a container made of it.
 *
 * @param id as {@code sha256:…}
 * @param name a name of the image, or the id when it has none
 * @param platform as {@code linux/amd64}
 * @param layers unpacked, the topmost first
 */
public record Template(
    String id,
    String name,
    String platform,
    ImageConfig config,
    List<RootFilesystem.Layer> layers) {
  public Template {
    layers = List.copyOf(layers);
  }
}
