/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.layer.ParallelGzip;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Replaces layers stored uncompressed by compressed ones, as registries should get them. */
public final class CompressedImage {
  private static final int BUFFER = 1 << 17;

  private CompressedImage() {}

  /**
   * The image with all layers compressed: itself, or one of another manifest with the same id that
   * takes its place and names in the store.
   */
  public static Image of(ImageStore store, Image image) {
    if (image.layers().stream().noneMatch(CompressedImage::plain)) {
      return image;
    }
    try (var lease = store.lease()) {
      var layers = new ArrayList<Descriptor>();
      for (var layer : image.layers()) {
        layers.add(plain(layer) ? compressed(store, lease, image, layer) : layer);
      }
      var json = Manifest.write(image.manifest().mediaType(), image.manifest().config(), layers);
      var manifest = Descriptor.of(image.manifest().mediaType(), json);
      lease.keep(List.of(manifest.digest(), image.manifest().config().digest()));
      store.blobs().put(json);
      return store.replace(image, manifest);
    }
  }

  private static boolean plain(Descriptor layer) {
    return !MediaType.isGzip(layer.mediaType()) && !MediaType.isZstd(layer.mediaType());
  }

  private static Descriptor compressed(
      ImageStore store, Lease lease, Image image, Descriptor layer) {
    return known(store, layer.digest())
        .filter(other -> {
          lease.keep(List.of(other.digest()));
          return store.blobs().contains(other.digest());
        })
        .orElseGet(() -> compress(store, lease, image, layer));
  }

  /** The layer as another image of the store already has it compressed. */
  private static Optional<Descriptor> known(ImageStore store, Digest diffId) {
    for (var image : store.list()) {
      int index = image.config().diffIds().indexOf(diffId);
      if (index >= 0 && !plain(image.layers().get(index))) {
        return Optional.of(image.layers().get(index));
      }
    }
    return Optional.empty();
  }

  private static Descriptor compress(ImageStore store, Lease lease, Image image, Descriptor layer) {
    try (var in = new BufferedInputStream(store.blobs().open(layer.digest()), BUFFER);
        var writer = store.blobs().writeUnnamed()) {
      ParallelGzip.compress(in, writer.output());
      boolean docker = image.manifest().mediaType().equals(MediaType.DOCKER_MANIFEST);
      long size = writer.position();
      lease.keep(List.of(writer.digestSoFar()));
      return Descriptor.of(
          docker ? MediaType.DOCKER_LAYER_GZIP : MediaType.OCI_LAYER_GZIP, writer.commit(), size);
    } catch (IOException e) {
      throw ImageException.io("layer " + layer.digest(), e);
    }
  }
}
