/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.Reference;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One image of the store.
 *
 * @param id digest of its configuration: what Docker calls the image id
 * @param manifestDescriptor type, digest and size of its manifest
 * @param names tags and pinned names ({@code repository@digest}) that mean it, sorted; may be empty
 * @param stored when it came into this store
 * @param parent id of the image it was made from on this host; that one need not be there still
 * @param isParent whether another image of this store was made from it
 */
public record Image(
    Digest id,
    Descriptor manifestDescriptor,
    Manifest manifest,
    ImageConfig config,
    List<Reference> names,
    Instant stored,
    Optional<Digest> parent,
    boolean isParent) {
  public Image {
    names = List.copyOf(names);
  }

  /** The layers as stored, lowest first; {@code config.diffIds()} names them uncompressed. */
  public List<Descriptor> layers() {
    return manifest.layers();
  }

  /** Whether it is a step on the way to another image, with no name of its own. */
  public boolean isIntermediate() {
    return isParent && names.isEmpty();
  }

  /** The names that are tags, sorted. */
  public List<Reference> tags() {
    return names.stream().filter(name -> name.tag().isPresent()).toList();
  }

  /** The names that are digests, sorted: where it was pulled from or pushed to. */
  public List<Reference> pins() {
    return names.stream().filter(name -> name.tag().isEmpty()).toList();
  }
}
