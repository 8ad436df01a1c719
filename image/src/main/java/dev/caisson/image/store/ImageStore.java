/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Reference;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The images of one host: blobs named by digest, and a catalog of which of them are images and what
 * they are called. Several processes may use the same folder at once.
 *
 * <pre>
 *   ROOT/catalog.json       images and names, replaced by rename
 *   ROOT/blobs/sha256/HEX   manifests, configurations and layers
 *   ROOT/ingest/            blobs being written; what is left over is resumed
 *   ROOT/leases/            blobs that transfers under way rely on
 *   ROOT/*.lock             never deleted
 * </pre>
 */
public final class ImageStore {
  private static final int MIN_ID_PREFIX = 2;

  private final BlobStore blobs;
  private final CatalogFile catalog;
  private final Leases leases;
  private final ImageReader reader;
  private final Reduction reduction;

  private ImageStore(Path root) {
    this.blobs = new BlobStore(root);
    this.catalog = new CatalogFile(root);
    this.leases = new Leases(root, catalog);
    this.reader = new ImageReader(blobs);
    this.reduction = new Reduction(reader);
  }

  /** Opens the store at {@code root}, creating it when there is none. */
  public static ImageStore open(Path root) {
    var store = new ImageStore(root);
    store.blobs.deleteAbandonedDrafts(BlobStore.NAMELESS);
    return store;
  }

  public BlobStore blobs() {
    return blobs;
  }

  /** Protects blobs from collection until closed; take one before gathering an image. */
  public Lease lease() {
    return leases.take();
  }

  /** All images, oldest first. */
  public List<Image> list() {
    var now = catalog.read();
    return now.entries().values().stream()
        .flatMap(entry -> reader.readable(now, entry).stream())
        .toList();
  }

  /**
   * The image a user means: by name, by id, by manifest digest, or by the unique beginning of an
   * id.
   *
   * @throws ImageException NOT_FOUND; CONFLICT when several ids begin so; INVALID for no name at
   *     all
   */
  public Image resolve(String text) {
    return find(text)
        .orElseThrow(() ->
            new ImageException(
                Kind.NOT_FOUND,
                "no such image: " + text + "; see `caisson image ls`, or pull it first"));
  }

  /** As {@link #resolve}, but empty when there is none. */
  public Optional<Image> find(String text) {
    var now = catalog.read();
    var byDigest = Digest.tryParse(text);
    if (byDigest.isPresent()) {
      return withId(now, byDigest.get().hex()).map(entry -> reader.image(now, entry));
    }
    return byName(now, text).or(() -> withId(now, text)).map(entry -> reader.image(now, entry));
  }

  private static Optional<Catalog.Entry> byName(Catalog now, String text) {
    try {
      return now.named(Reference.parse(text));
    } catch (ImageException e) {
      if (text.matches("[0-9a-f]{64}")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Optional<Catalog.Entry> withId(Catalog now, String prefix) {
    if (prefix.length() < MIN_ID_PREFIX || !prefix.matches("[0-9a-f]{1,128}")) {
      return Optional.empty();
    }
    var found =
        now.entries().values().stream()
            .filter(entry ->
                entry.id().hex().startsWith(prefix)
                    || entry.manifest().digest().hex().equals(prefix))
            .toList();
    if (found.stream().map(Catalog.Entry::id).distinct().count() > 1) {
      throw new ImageException(
          Kind.CONFLICT, "several image ids begin with " + prefix + "; give more digits");
    }
    return found.stream().findFirst();
  }

  /**
   * Makes an image of blobs that are all in the store, under a {@link #lease} of the caller's, and
   * gives it names; a name that meant another image moves.
   *
   * @throws ImageException NOT_FOUND when a blob is missing; INVALID for contradictory documents
   */
  public Image add(Descriptor manifest, List<Reference> names) {
    return add(manifest, names, Optional.empty());
  }

  private Image add(Descriptor manifest, List<Reference> names, Optional<Digest> parent) {
    var id = reader.complete(manifest).config().digest();
    var entry = new Catalog.Entry(manifest, id, Instant.now(), parent);
    try (var _ = catalog.lock()) {
      var now = catalog.changeLocked(before -> before.with(entry, names));
      return reader.image(now, now.entry(manifest.digest()));
    }
  }

  /**
   * Makes an image of a configuration and its layers, which are in the store under {@code lease}.
   *
   * @param config its diffIds are those of {@code layers}
   */
  public Image assemble(
      Lease lease, ImageConfig config, List<Descriptor> layers, List<Reference> names) {
    return assemble(lease, config, layers, names, Optional.empty());
  }

  /**
   * As above, of an image made from another one of this store.
   *
   * @param parent its id
   */
  public Image assemble(
      Lease lease,
      ImageConfig config,
      List<Descriptor> layers,
      List<Reference> names,
      Optional<Digest> parent) {
    var configJson = config.toJson();
    var configDescriptor = Descriptor.of(MediaType.OCI_CONFIG, configJson);
    var manifestJson = Manifest.write(MediaType.OCI_MANIFEST, configDescriptor, layers);
    var manifest = Descriptor.of(MediaType.OCI_MANIFEST, manifestJson);
    lease.keep(List.of(configDescriptor.digest(), manifest.digest()));
    blobs.put(configJson);
    blobs.put(manifestJson);
    return add(manifest, names, parent);
  }

  /**
   * Puts the same image stored in another way in the place of {@code old}, with all its names.
   *
   * @param manifest of the same configuration, its blobs in the store under a lease
   */
  Image replace(Image old, Descriptor manifest) {
    var unused = reader.complete(manifest); // refused before anything is changed
    var entry = new Catalog.Entry(manifest, old.id(), old.stored(), old.parent());
    try (var _ = catalog.lock()) {
      var now = catalog.read();
      var names = now.namesOf(old.manifestDescriptor().digest());
      var after =
          catalog.changeLocked(before ->
              before
                  .with(entry, names)
                  .without(e -> e.manifest().digest().equals(old.manifestDescriptor().digest())));
      collectLocked(after);
      return reader.image(after, after.entry(manifest.digest()));
    }
  }

  /** Gives the image {@code source} (see {@link #resolve}) another name. */
  public Image tag(String source, Reference name) {
    try (var _ = catalog.lock()) {
      var image = resolve(source);
      var entry = catalog.read().entry(image.manifestDescriptor().digest());
      var now = catalog.changeLocked(before -> before.with(entry, List.of(name)));
      return reader.image(now, entry);
    }
  }

  /**
   * Removes a name, and the image with it if that was its last tag; or removes an image by its id.
   *
   * @param force also by id when it has tags in several repositories
   * @param unneeded which nameless images it was made from may go with it, once nothing is made
   *     from them
   * @throws ImageException NOT_FOUND; CONFLICT without {@code force}
   */
  public Removal remove(String text, boolean force, Predicate<Image> unneeded) {
    try (var _ = catalog.lock()) {
      var image = resolve(text);
      var before = catalog.read();
      var after = catalog.changeLocked(now -> reduction.without(now, image, text, force, unneeded));
      return removal(before, after);
    }
  }

  /**
   * Removes every image without a tag for which {@code unused} holds, unless others are made from
   * it that stay; and all garbage.
   *
   * @param tagged whether images with tags go too
   */
  public Removal prune(boolean tagged, Predicate<Image> unused) {
    try (var _ = catalog.lock()) {
      var before = catalog.read();
      var after = catalog.changeLocked(now -> reduction.withoutAll(now, tagged, unused));
      blobs.deleteAbandonedDrafts(BlobStore.ANY);
      return removal(before, after);
    }
  }

  private Removal removal(Catalog before, Catalog after) {
    return new Removal(
        Reduction.gone(before, after), Reduction.deleted(before, after), collectLocked(after));
  }

  /** Deletes blobs that no image and no lease needs; gives the bytes freed. */
  private long collectLocked(Catalog now) {
    reader.keepOnly(now.entries().keySet());
    var needed = leases.kept();
    for (var entry : now.entries().values()) {
      reader.readable(now, entry).ifPresent(image -> needed.addAll(needs(image)));
    }
    long freed = 0;
    for (var digest : blobs.list()) {
      if (!needed.contains(digest)) {
        freed += blobs.size(digest);
        blobs.delete(digest);
      }
    }
    return freed;
  }

  private static Set<Digest> needs(Image image) {
    var needs = new HashSet<Digest>();
    image.layers().forEach(layer -> needs.add(layer.digest()));
    needs.add(image.manifest().config().digest());
    needs.add(image.manifestDescriptor().digest());
    return needs;
  }
}
