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
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Reference;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
  private static final System.Logger LOG = System.getLogger(ImageStore.class.getName());
  private static final int MIN_ID_PREFIX = 2;

  private final BlobStore blobs;
  private final CatalogFile catalog;
  private final Leases leases;
  private final Map<Digest, Documents> documents = new ConcurrentHashMap<>();

  // Immutable once read, because they are named by digest.
  private record Documents(Manifest manifest, ImageConfig config) {}

  private ImageStore(Path root) {
    this.blobs = new BlobStore(root);
    this.catalog = new CatalogFile(root);
    this.leases = new Leases(root, catalog);
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
    return now.entries().values().stream().flatMap(entry -> readable(now, entry).stream()).toList();
  }

  // One damaged image must not hide the others, nor keep them from being removed.
  private Optional<Image> readable(Catalog now, Catalog.Entry entry) {
    try {
      return Optional.of(image(now, entry));
    } catch (ImageException e) {
      LOG.log(Level.WARNING, "image {0} is unusable: {1}", entry.id(), e.getMessage());
      return Optional.empty();
    }
  }

  /** The image called {@code reference}. */
  public Optional<Image> find(Reference reference) {
    var now = catalog.read();
    return now.named(reference).map(entry -> image(now, entry));
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
      return withId(now, byDigest.get().hex()).map(entry -> image(now, entry));
    }
    return byName(now, text).or(() -> withId(now, text)).map(entry -> image(now, entry));
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

  private Image image(Catalog now, Catalog.Entry entry) {
    var manifest = entry.manifest().digest();
    var read = documents.computeIfAbsent(manifest, _ -> documents(entry.manifest()));
    return new Image(
        entry.id(),
        entry.manifest(),
        read.manifest(),
        read.config(),
        now.namesOf(manifest),
        entry.stored(),
        entry.parent(),
        now.isParent(entry.id()));
  }

  private Documents documents(Descriptor descriptor) {
    var manifest =
        Manifest.parse(
            blobs.read(descriptor.digest(), JsonFields.MAX_DOCUMENT), descriptor.mediaType());
    var config = ImageConfig.parse(blobs.read(manifest.config().digest(), JsonFields.MAX_DOCUMENT));
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new ImageException(
          Kind.INVALID,
          "image "
              + descriptor.digest()
              + " lists "
              + manifest.layers().size()
              + " layers but configures "
              + config.diffIds().size());
    }
    return new Documents(manifest, config);
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
    var parts = documents(manifest);
    requireBlobs(parts.manifest());
    var id = parts.manifest().config().digest();
    var entry = new Catalog.Entry(manifest, id, Instant.now(), parent);
    try (var _ = catalog.lock()) {
      var now = catalog.changeLocked(before -> before.with(entry, names));
      return image(now, now.entry(manifest.digest()));
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
    var parts = documents(manifest);
    requireBlobs(parts.manifest());
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
      return image(after, after.entry(manifest.digest()));
    }
  }

  private void requireBlobs(Manifest manifest) {
    for (var layer : manifest.layers()) {
      if (!blobs.contains(layer.digest())) {
        throw new ImageException(
            Kind.NOT_FOUND, "layer " + layer.digest() + " is not in the store");
      }
    }
  }

  /** Gives the image {@code source} (see {@link #resolve}) another name. */
  public Image tag(String source, Reference name) {
    try (var _ = catalog.lock()) {
      var image = resolve(source);
      var entry = catalog.read().entry(image.manifestDescriptor().digest());
      var now = catalog.changeLocked(before -> before.with(entry, List.of(name)));
      return image(now, entry);
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
      var name = nameAmong(image, text);
      var before = catalog.read();
      var after =
          catalog.changeLocked(now ->
              withoutLeaves(
                  name.isPresent() ? untagged(now, image, name.get()) : erased(now, image, force),
                  image.parent(),
                  unneeded));
      return new Removal(gone(before, after), deleted(before, after), collectLocked(after));
    }
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
              .flatMap(entry -> readable(current, entry))
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

  /**
   * Removes every image without a tag for which {@code unused} holds, unless others are made from
   * it that stay; and all garbage.
   *
   * @param tagged whether images with tags go too
   */
  public Removal prune(boolean tagged, Predicate<Image> unused) {
    try (var _ = catalog.lock()) {
      var before = catalog.read();
      var after = catalog.changeLocked(now -> withoutAll(now, tagged, unused));
      blobs.deleteAbandonedDrafts(BlobStore.ANY);
      return new Removal(gone(before, after), deleted(before, after), collectLocked(after));
    }
  }

  /** Round by round, as what others are made from becomes free when they are gone. */
  private Catalog withoutAll(Catalog before, boolean tagged, Predicate<Image> unused) {
    var rest = before;
    while (true) {
      var current = rest;
      rest =
          current.without(entry ->
              readable(current, entry)
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

  private static List<Reference> gone(Catalog before, Catalog after) {
    return before.names().keySet().stream()
        .filter(name -> !after.names().containsKey(name))
        .map(Reference::parse)
        .toList();
  }

  private static List<Digest> deleted(Catalog before, Catalog after) {
    var left = new HashSet<Digest>();
    after.entries().values().forEach(entry -> left.add(entry.id()));
    return before.entries().values().stream()
        .map(Catalog.Entry::id)
        .filter(id -> !left.contains(id))
        .distinct()
        .toList();
  }

  /** Deletes blobs that no image and no lease needs; gives the bytes freed. */
  private long collectLocked(Catalog now) {
    documents.keySet().retainAll(now.entries().keySet());
    var needed = leases.kept();
    for (var entry : now.entries().values()) {
      readable(now, entry).ifPresent(image -> needed.addAll(needs(image)));
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
