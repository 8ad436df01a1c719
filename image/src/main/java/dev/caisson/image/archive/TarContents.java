/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.layer.Compression;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.layer.LayerReader;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.store.BlobWriter;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import dev.caisson.image.store.Lease;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An archive read once from start to end: documents are kept in memory, layers go into the store as
 * they come, because what says which is which often comes last.
 */
final class TarContents implements Contents {
  private static final int MAX_DOCUMENT = 4 << 20;
  private static final int MAX_DOCUMENTS = 64 << 20;
  private static final int BUFFER = 1 << 17;
  private static final int MAX_LINKS = 8;
  private static final LayerLimits LIMITS = new LayerLimits(500_000, 1L << 40, 4095, 1 << 20);
  private static final Pattern NAMED_BY_DIGEST =
      Pattern.compile("(?:.*/)?([0-9a-f]{64})(?:\\.tar|/layer\\.tar)?");

  private final ImageStore store;
  private final Lease lease;
  private final LayerReceiver layers;
  private final Map<String, byte[]> documents = new HashMap<>();
  private final Map<String, Descriptor> blobs = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();
  private long documentBytes;

  private TarContents(ImageStore store, Lease lease, LayerReceiver layers) {
    this.store = store;
    this.lease = lease;
    this.layers = layers;
  }

  static TarContents read(ImageStore store, Lease lease, InputStream tar, LayerReceiver layers) {
    var contents = new TarContents(store, lease, layers);
    try {
      var reader = LayerReader.ofArchive(Compression.unpack(tar), LIMITS);
      for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
        contents.take(entry.get(), reader);
      }
    } catch (IOException e) {
      throw new ImageException(Kind.INVALID, "the archive is damaged: " + e.getMessage(), e);
    }
    return contents;
  }

  private void take(Entry entry, LayerReader reader) {
    switch (entry) {
      case Entry.File file when file.sparse() ->
          throw new ImageException(Kind.UNSUPPORTED, "the archive holds a sparse file");
      case Entry.File file when isDocument(file) -> {
        documentBytes += file.size();
        documents.put(file.path(), readDocument(file, reader));
      }
      case Entry.File file -> blobs.put(file.path(), store(file, reader));
      // Old archives name a layer shared by two images by a link.
      case Entry.SymbolicLink link -> links.put(link.path(), resolved(link.path(), link.target()));
      case Entry.HardLink link -> links.put(link.path(), link.target());
      default -> {}
    }
  }

  private boolean isDocument(Entry.File file) {
    return file.size() <= MAX_DOCUMENT && documentBytes + file.size() <= MAX_DOCUMENTS;
  }

  private static byte[] readDocument(Entry.File file, LayerReader reader) {
    var bytes = new byte[(int) file.size()];
    int filled = 0;
    while (filled < bytes.length) {
      filled += reader.read(bytes, filled, bytes.length - filled);
    }
    return bytes;
  }

  private Descriptor store(Entry.File file, LayerReader reader) {
    try (var writer = store.blobs().writeUnnamed()) {
      var buffer = new byte[BUFFER];
      boolean first = true;
      for (int n = reader.read(buffer, 0, BUFFER); n > 0; n = reader.read(buffer, 0, BUFFER)) {
        writer.write(buffer, 0, n);
        if (first) {
          offer(file.path(), buffer, n, writer);
          first = false;
        }
      }
      return committed(writer, lease);
    }
  }

  // Archivers name layers by their diffId, so unpacking can begin before the archive says so; it
  // proves the name while it reads.
  private void offer(String path, byte[] start, int length, BlobWriter writer) {
    var name = NAMED_BY_DIGEST.matcher(path);
    if (name.matches() && LooksLikeTar.is(start, length)) {
      layers.offer(new Digest(Digest.SHA256, name.group(1)), writer::follow);
    }
  }

  static Descriptor committed(BlobWriter writer, Lease lease) {
    long size = writer.position();
    lease.keep(List.of(writer.digestSoFar()));
    return Descriptor.of("", writer.commit(), size);
  }

  private static String resolved(String path, String target) {
    int slash = path.lastIndexOf('/');
    return Path.of("/" + (slash < 0 ? "" : path.substring(0, slash)))
        .resolve(target)
        .normalize()
        .toString()
        .substring(1);
  }

  @Override
  public Optional<byte[]> document(String path) {
    return Optional.ofNullable(documents.get(followed(path)));
  }

  @Override
  public Descriptor blob(String path, Optional<Digest> diffId) {
    var real = followed(path);
    var stored = blobs.get(real);
    if (stored != null) {
      return stored;
    }
    var document = documents.get(real);
    if (document == null) {
      throw new ImageException(Kind.INVALID, "the archive names " + path + " but does not hold it");
    }
    var digest = Digest.of(document);
    lease.keep(List.of(digest));
    store.blobs().put(document);
    return Descriptor.of("", digest, document.length);
  }

  private String followed(String path) {
    var name = path;
    for (int i = 0; i < MAX_LINKS && links.containsKey(name); i++) {
      name = links.get(name);
    }
    return name;
  }
}
