/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.layer.Compression;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.MediaType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A layer that is in a store.
 *
 * @param blob the layer as stored
 * @param diffId digest of the layer uncompressed
 */
public record StoredLayer(Descriptor blob, Digest diffId) {
  private static final int BUFFER = 1 << 17;

  /** Writes the entries of a layer. */
  public interface Content {
    void writeTo(LayerWriter layer) throws IOException;
  }

  /**
   * Stores a new layer uncompressed: it is unpacked from here far more often than it is pushed, and
   * a push compresses it.
   *
   * @param lease keeps it until an image has it
   */
  public static StoredLayer write(ImageStore store, Lease lease, Content content) {
    try (var writer = store.blobs().writeUnnamed()) {
      try (var layer = new LayerWriter(new BufferedOutputStream(writer.output(), BUFFER))) {
        content.writeTo(layer);
      }
      return committed(writer, lease, MediaType.OCI_LAYER);
    } catch (IOException e) {
      throw ImageException.io("new layer", e);
    }
  }

  /** Stores a tar archive as a layer, in whatever compression it comes. */
  public static StoredLayer copy(ImageStore store, Lease lease, InputStream archive) {
    try (var writer = store.blobs().writeUnnamed()) {
      writer.writeAll(Compression.unpack(archive));
      return committed(writer, lease, MediaType.OCI_LAYER);
    } catch (IOException e) {
      throw ImageException.io("imported layer", e);
    }
  }

  private static StoredLayer committed(BlobWriter writer, Lease lease, String mediaType) {
    long size = writer.position();
    var digest = writer.digestSoFar();
    lease.keep(List.of(digest));
    writer.commit();
    return new StoredLayer(Descriptor.of(mediaType, digest, size), digest);
  }
}
