/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.image.model.Digest;
import dev.caisson.image.store.Removal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Images that go, and the layers nothing needs any more. */
final class ImageRemovals {
  private final ImageShelf shelf;

  ImageRemovals(ImageShelf shelf) {
    this.shelf = shelf;
  }

  List<ImageDeletion> remove(String reference, boolean force, boolean prune) {
    var image = shelf.resolve(reference);
    var inUse = shelf.users().of(ImageShelf.id(image));
    boolean running = inUse.stream().anyMatch(ImageUsers.User::running);
    boolean last = image.tags().size() <= 1;
    if (last && !inUse.isEmpty() && (running || !force)) {
      throw EngineException.conflict(
          "unable to remove repository reference \"%s\" (must force) - container %s is using its referenced image %s"
              .formatted(
                  reference,
                  inUse.getFirst().containerId().substring(0, 12),
                  image.id().shortHex()),
          "caisson rm " + inUse.getFirst().containerId().substring(0, 12));
    }
    return ImageFailures.translated(
        () -> told(shelf.store().remove(reference, force, old -> prune && !shelf.inUse(old))));
  }

  private List<ImageDeletion> told(Removal removal) {
    var deletions = new ArrayList<ImageDeletion>();
    for (var name : removal.untagged()) {
      deletions.add(new ImageDeletion.Untagged(name.familiar()));
      shelf.event("untag", name.familiar(), name.familiar());
    }
    for (var id : removal.deleted()) {
      deletions.add(new ImageDeletion.Deleted(id.toString()));
      shelf.event("delete", id.toString(), id.toString());
    }
    if (!removal.deleted().isEmpty()) {
      collectLayers();
    }
    return deletions;
  }

  private void collectLayers() {
    Set<Digest> live = new HashSet<>();
    shelf.store().list().forEach(image -> live.addAll(image.config().diffIds()));
    shelf.users().layers().forEach(layer -> live.add(Digest.parse(layer)));
    shelf.layers().collect(live);
  }

  PruneReport prune(Filters filters) {
    var filter = new ImageFilter(without(filters, "dangling"), shelf::resolve);
    boolean tagged = filters.of("dangling").stream().anyMatch(List.of("0", "false")::contains);
    return ImageFailures.translated(() -> {
      var removal =
          shelf.store().prune(tagged, image -> filter.accepts(image) && !shelf.inUse(image));
      var removed =
          told(removal).stream()
              .map(gone ->
                  switch (gone) {
                    case ImageDeletion.Untagged untagged -> "untagged: " + untagged.reference();
                    case ImageDeletion.Deleted deleted -> "deleted: " + deleted.id();
                  })
              .toList();
      return new PruneReport(removed, removal.freedBytes());
    });
  }

  private static Filters without(Filters filters, String key) {
    var rest = new HashMap<>(filters.values());
    rest.remove(key);
    return new Filters(rest);
  }
}
