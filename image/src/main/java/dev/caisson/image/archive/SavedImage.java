/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import java.util.List;

/**
 * An image to be saved.
 *
 * @param names tags it has in the archive; may be empty
 */
public record SavedImage(Image image, List<Reference> names) {
  public SavedImage {
    names = List.copyOf(names);
  }

  /** The image with all its tags. */
  public static SavedImage of(Image image) {
    return new SavedImage(image, image.tags());
  }
}
