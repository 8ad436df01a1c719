/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * A stored layer being unpacked: decompressed and hashed on a thread of its own, read entry by
 * entry here, and proven to be the layer the image means.
 */
public final class LayerStream implements EntrySource, AutoCloseable {
  private final InputStream in;
  private final MessageDigest hash;
  private final Digest diffId;
  private final LayerReader reader;

  private LayerStream(InputStream in, MessageDigest hash, Digest diffId, LayerLimits limits) {
    this.in = in;
    this.hash = hash;
    this.diffId = diffId;
    this.reader = LayerReader.ofLayer(in, limits);
  }

  /**
   * Starts reading a layer.
   *
   * @param stored the layer in any {@link Compression}; closed with this stream
   * @param diffId what its uncompressed bytes must hash to
   */
  public static LayerStream open(InputStream stored, Digest diffId, LayerLimits limits) {
    try {
      var hash = diffId.newHash();
      return new LayerStream(ReadAhead.of(Compression.unpack(stored), hash), hash, diffId, limits);
    } catch (IOException e) {
      throw new ImageException(Kind.INVALID, "the layer is damaged: " + e.getMessage(), e);
    }
  }

  /**
   * The next entry; empty at the end.
   *
   * @throws ImageException as {@link EntrySource#next}; DIGEST_MISMATCH at the end
   */
  @Override
  public Optional<Entry> next() {
    var entry = reader.next();
    if (entry.isEmpty() && !diffId.matches(hash)) {
      throw new ImageException(
          Kind.DIGEST_MISMATCH, "the layer's content is not " + diffId + ", which its image names");
    }
    return entry;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    return reader.read(bytes, offset, length);
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw ImageException.io("layer", e);
    }
  }
}
