/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.Filters;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is told of images. */
final class ImageDescriptions {
  private final ImageShelf shelf;

  ImageDescriptions(ImageShelf shelf) {
    this.shelf = shelf;
  }

  List<ImageSummary> list(boolean all, Filters filters) {
    return ImageFailures.translated(() -> {
      var filter = new ImageFilter(filters, shelf::resolve);
      return shelf.store().list().reversed().stream()
          .filter(image -> all || !image.isIntermediate())
          .filter(filter::accepts)
          .map(image -> summary(image, filter))
          .toList();
    });
  }

  private ImageSummary summary(Image image, ImageFilter filter) {
    return new ImageSummary(
        ImageShelf.id(image),
        image.parent().map(Digest::toString).orElse(""),
        image.tags().stream().filter(filter::shows).map(Reference::familiar).toList(),
        image.pins().stream().filter(filter::shows).map(Reference::familiar).toList(),
        ImageFilter.created(image),
        shelf.size(image),
        -1,
        shelf.users().of(ImageShelf.id(image)).size(),
        image.config().defaults().labels());
  }

  ImageInfo inspect(String reference) {
    var image = shelf.resolve(reference);
    var config = image.config();
    return new ImageInfo(
        ImageShelf.id(image),
        image.tags().stream().map(Reference::familiar).toList(),
        image.pins().stream().map(Reference::familiar).toList(),
        image.parent().map(Digest::toString).orElse(""),
        config.history().isEmpty() ? "" : config.history().getLast().comment().orElse(""),
        config.created(),
        config.author().orElse(""),
        config.platform().architecture(),
        config.platform().variant().orElse(""),
        config.platform().os(),
        shelf.size(image),
        config.diffIds().stream().map(Digest::toString).toList(),
        ConfigConversion.toEngine(config.defaults()),
        Map.of(),
        Optional.of(image.stored()));
  }

  List<ImageHistory> history(String reference) {
    var image = shelf.resolve(reference);
    var diffIds = image.config().diffIds();
    var steps = new ArrayList<ImageHistory>();
    int layer = 0;
    for (var step : image.config().history()) {
      long size = 0;
      if (!step.emptyLayer() && layer < diffIds.size()) {
        size = shelf.layers().size(diffIds.get(layer++));
      }
      steps.addFirst(
          new ImageHistory(
              "<missing>",
              step.created().orElse(Instant.EPOCH),
              step.createdBy().orElse(""),
              size,
              step.comment().orElse(""),
              List.of()));
    }
    if (!steps.isEmpty()) {
      var top = steps.removeFirst();
      steps.addFirst(
          new ImageHistory(
              ImageShelf.id(image),
              top.created(),
              top.createdBy(),
              top.size(),
              top.comment(),
              image.tags().stream().map(Reference::familiar).toList()));
    }
    return steps;
  }
}
