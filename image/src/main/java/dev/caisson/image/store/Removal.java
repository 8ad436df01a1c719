/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.model.Digest;
import dev.caisson.image.model.Reference;
import java.util.List;

/**
 * What a removal or a prune did.
 *
 * @param untagged names that are gone
 * @param deleted ids of images that are gone
 * @param freedBytes size of the blobs deleted
 */
public record Removal(List<Reference> untagged, List<Digest> deleted, long freedBytes) {
  public Removal {
    untagged = List.copyOf(untagged);
    deleted = List.copyOf(deleted);
  }
}
