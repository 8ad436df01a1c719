/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.Reference;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What a catalog is without some of its images and names, and what that took away. */
final class Reduction {
  private final ImageReader reader;

  Reduction(ImageReader reader) {
    this.reader = reader;
  }

  /**
   * Without a name of an image, and without the image if that was its last tag; without the image
   * if {@code text} is its id.
   *
   * @throws ImageException CONFLICT by id, without {@code force}, when it has tags in several
   *     repositories
   */
  Catalog without(Catalog now, Image image, String text, boolean force, Predicate<Image> unneeded) {
    var name = nameAmong(image, text);
    return withoutLeaves(
        name.isPresent() ? untagged(now, image, name.get()) : erased(now, image, force),
        image.parent(),
        unneeded);
  }

  /** Takes away nameless parents, the youngest first, until one is needed. */
  private Catalog withoutLeaves(Catalog now, Optional<Digest> first, Predicate<Image> unneeded) {
    var rest = now;
    var next = first;
    while (next.isPresent()) {
      var id = next.get();
      var current = rest;
      var parent =
          rest.entries().values().stream()
              .filter(entry -> entry.id().equals(id))
              .findFirst()
              .flatMap(entry -> reader.readable(current, entry))
              .filter(
                  image -> image.names().isEmpty() && !image.isParent() && unneeded.test(image));
      if (parent.isEmpty()) {
        return rest;
      }
      rest = rest.without(entry -> entry.id().equals(id));
      next = parent.get().parent();
    }
    return rest;
  }

  private static Optional<Reference> nameAmong(Image image, String text) {
    return Digest.tryParse(text).isPresent() || text.matches("[0-9a-f]{64}")
        ? Optional.empty()
        : image.names().stream().filter(Reference.parse(text)::equals).findFirst();
  }

  private static Catalog untagged(Catalog now, Image image, Reference name) {
    var rest = now.withoutName(name);
    var manifest = image.manifestDescriptor().digest();
    boolean tagsLeft = rest.namesOf(manifest).stream().anyMatch(n -> n.tag().isPresent());
    return tagsLeft ? rest : rest.without(entry -> entry.manifest().digest().equals(manifest));
  }

  private static Catalog erased(Catalog now, Image image, boolean force) {
    var repositories = new HashSet<String>();
    image.tags().forEach(tag -> repositories.add(tag.name()));
    if (repositories.size() > 1 && !force) {
      throw new ImageException(
          Kind.CONFLICT,
          "image "
              + image.id().shortHex()
              + " has names in several repositories; remove them by name, or use --force");
    }
    return now.without(entry -> entry.id().equals(image.id()));
  }

  /** Round by round, as what others are made from becomes free when they are gone. */
  Catalog withoutAll(Catalog before, boolean tagged, Predicate<Image> unused) {
    var rest = before;
    while (true) {
      var current = rest;
      rest =
          current.without(entry ->
              reader
                  .readable(current, entry)
                  .map(image ->
                      (!image.isParent() || !image.names().isEmpty())
                          && (tagged || image.tags().isEmpty())
                          && unused.test(image))
                  .orElse(true));
      if (rest.equals(current)) {
        return rest;
      }
    }
  }

  static List<Reference> gone(Catalog before, Catalog after) {
    return before.names().keySet().stream()
        .filter(name -> !after.names().containsKey(name))
        .map(Reference::parse)
        .toList();
  }

  /** Images that are gone, each before what it was built on, as docker tells them. */
  static List<Digest> deleted(Catalog before, Catalog after) {
    var left = new HashSet<Digest>();
    after.entries().values().forEach(entry -> left.add(entry.id()));
    return before.entries().values().stream()
        .map(Catalog.Entry::id)
        .filter(id -> !left.contains(id))
        .distinct()
        .toList()
        .reversed();
  }
}
