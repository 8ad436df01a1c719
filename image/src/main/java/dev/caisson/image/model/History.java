/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.time.Instant;
import java.util.Optional;

/**
 * One step of how an image was made.
 *
 * @param emptyLayer whether the step changed only the configuration, and so has no layer
 */
public record History(
    Optional<Instant> created,
    Optional<String> createdBy,
    Optional<String> author,
    Optional<String> comment,
    boolean emptyLayer) {

  public static History layer(Instant created, String createdBy, String comment) {
    return new History(
        Optional.of(created),
        Optional.of(createdBy),
        Optional.empty(),
        Optional.of(comment).filter(c -> !c.isEmpty()),
        false);
  }

  /** A step that changed the configuration only. */
  public static History configuration(Instant created, String createdBy, String comment) {
    return new History(
        Optional.of(created),
        Optional.of(createdBy),
        Optional.empty(),
        Optional.of(comment).filter(c -> !c.isEmpty()),
        true);
  }

  static History parse(JsonFields fields) {
    return new History(
        fields.time("created"),
        fields.optionalText("created_by"),
        fields.optionalText("author"),
        fields.optionalText("comment"),
        fields.flag("empty_layer"));
  }
}
