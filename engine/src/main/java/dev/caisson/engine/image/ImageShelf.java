/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.event.EventLog;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.linux.process.UserNamespace;
import dev.caisson.rootfs.layer.LayerStore;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.Ownership;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The images in this engine's directory and their layers unpacked, found by name; what happens to
 * them is told.
 *
 * @param root the images' own directory
 */
record ImageShelf(
    Path root,
    ImageStore store,
    LayerStore layers,
    EventLog events,
    Clock clock,
    ImageUsers users) {

  /** Opens the images below {@code root}. */
  static ImageShelf open(Path root, EventLog events, Clock clock, ImageUsers users) {
    var ids = UserNamespace.own();
    var images = root.resolve("images");
    return new ImageShelf(
        images,
        ImageStore.open(images),
        LayerStore.open(
            root.resolve("rootfs"),
            LayerLimits.DEFAULT,
            ids.initial() ? OverlayMarks.TRUSTED : OverlayMarks.USER,
            ids.single() ? Ownership.OWN : Ownership.EXACT),
        events,
        clock,
        users);
  }

  static String id(Image image) {
    return image.id().toString();
  }

  /**
   * @throws EngineException NOT_FOUND
   */
  Image resolve(String reference) {
    return find(reference)
        .orElseThrow(() -> EngineException.notFound("No such image: " + reference));
  }

  Optional<Image> find(String reference) {
    return ImageFailures.translated(() -> store.find(reference));
  }

  boolean inUse(Image image) {
    return !users.of(id(image)).isEmpty();
  }

  /**
   * @param actor what it happened to: an id, or a name
   */
  void event(String action, String actor, String name) {
    events.publish("image", action, actor, Map.of("name", name));
  }

  /** As above, for what happens to an image whatever its name. */
  void event(String action, Image image) {
    event(action, id(image), id(image));
  }

  /** Unpacked bytes of each layer by its diff ID; packed ones of what is not unpacked. */
  Map<String, Long> layerSizes(Image image) {
    var sizes = new HashMap<String, Long>();
    for (int i = 0; i < image.layers().size(); i++) {
      var diffId = image.config().diffIds().get(i);
      long unpacked = layers.size(diffId);
      sizes.put(diffId.toString(), unpacked > 0 ? unpacked : image.layers().get(i).size());
    }
    return sizes;
  }

  long size(Image image) {
    return layerSizes(image).values().stream().mapToLong(Long::longValue).sum();
  }
}
