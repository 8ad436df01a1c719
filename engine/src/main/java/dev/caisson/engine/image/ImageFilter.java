/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.Filters;
import dev.caisson.engine.text.PruneLimit;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Docker's filters on lists of images. */
final class ImageFilter {
  private static final Set<String> KNOWN =
      Set.of("before", "dangling", "label", "label!", "reference", "since", "until");

  private final Filters filters;
  private final Function<String, Image> find;

  ImageFilter(Filters filters, Function<String, Image> find) {
    filters.requireKnown(KNOWN);
    filters.requireTruth("dangling");
    this.filters = filters;
    this.find = find;
  }

  boolean accepts(Image image) {
    return filters.acceptsLabels(image.config().defaults().labels())
        && filters.accepts(
            "dangling",
            wanted ->
                List.of("1", "true").contains(wanted)
                    == (image.tags().isEmpty() && !image.isIntermediate()))
        && (!filters.has("reference") || image.names().stream().anyMatch(this::shows))
        && filters.accepts("before", other -> created(image).isBefore(created(find.apply(other))))
        && filters.accepts("since", other -> created(image).isAfter(created(find.apply(other))))
        && PruneLimit.of(filters, Clock.systemUTC()).accepts(created(image));
  }

  /** Of an image's names, those asked for are told. */
  boolean shows(Reference name) {
    return filters.accepts("reference", wanted -> matches(name, wanted));
  }

  static Instant created(Image image) {
    return image.config().created().orElse(image.stored());
  }

  private static boolean matches(Reference name, String pattern) {
    var matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    return matcher.matches(Path.of(name.familiarName()))
        || matcher.matches(Path.of(name.familiar()));
  }
}
