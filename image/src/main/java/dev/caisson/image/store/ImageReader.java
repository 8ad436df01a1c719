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
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Images of a catalog with their documents, which are read once. */
final class ImageReader {
  private static final System.Logger LOG = System.getLogger(ImageReader.class.getName());

  private final BlobStore blobs;
  private final Map<Digest, Documents> documents = new ConcurrentHashMap<>();

  // Immutable once read, because they are named by digest.
  private record Documents(Manifest manifest, ImageConfig config) {}

  ImageReader(BlobStore blobs) {
    this.blobs = blobs;
  }

  // One damaged image must not hide the others, nor keep them from being removed.
  Optional<Image> readable(Catalog now, Catalog.Entry entry) {
    try {
      return Optional.of(image(now, entry));
    } catch (ImageException e) {
      LOG.log(Level.WARNING, "image {0} is unusable: {1}", entry.id(), e.getMessage());
      return Optional.empty();
    }
  }

  Image image(Catalog now, Catalog.Entry entry) {
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

  /**
   * Reads documents that are in no catalog yet.
   *
   * @return the manifest, whose blobs are all in the store
   * @throws ImageException NOT_FOUND when one is missing; INVALID for contradictory documents
   */
  Manifest complete(Descriptor descriptor) {
    var manifest = documents(descriptor).manifest();
    requireBlobs(manifest);
    return manifest;
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

  private void requireBlobs(Manifest manifest) {
    for (var layer : manifest.layers()) {
      if (!blobs.contains(layer.digest())) {
        throw new ImageException(
            Kind.NOT_FOUND, "layer " + layer.digest() + " is not in the store");
      }
    }
  }

  /** Forgets the documents of all others. */
  void keepOnly(Set<Digest> manifests) {
    documents.keySet().retainAll(manifests);
  }
}
