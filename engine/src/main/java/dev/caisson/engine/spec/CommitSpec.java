/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Optional;

/**
 * How to make an image of a container.
 *
 * @param reference the new name; empty for none
 * @param pause hold the container still meanwhile
 * @param changes Dockerfile instructions such as {@code ENV A=b}
 * @param config the image's configuration instead of the container's
 * @param createdBy the line of the image's history; empty for the container's command
 */
public record CommitSpec(
    Optional<String> reference,
    String author,
    String message,
    boolean pause,
    List<String> changes,
    Optional<ImageConfig> config,
    Optional<String> createdBy) {
  public CommitSpec {
    changes = List.copyOf(changes);
  }
}
