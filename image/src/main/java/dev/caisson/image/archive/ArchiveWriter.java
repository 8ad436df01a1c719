/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.ImageStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes images in the form Docker has saved since version 25: an OCI layout with Docker's own
 * {@code manifest.json} beside it. Blobs are written as they are stored, so digests stay.
 */
final class ArchiveWriter {
  private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

  private final ImageStore store;
  private final ArchiveSink sink;
  private final Set<Digest> written = new HashSet<>();

  ArchiveWriter(ImageStore store, ArchiveSink sink) {
    this.store = store;
    this.sink = sink;
  }

  void write(List<SavedImage> images) throws IOException {
    for (var saved : images) {
      for (var layer : saved.image().layers()) {
        blob(layer);
      }
      blob(saved.image().manifest().config());
      blob(saved.image().manifestDescriptor());
    }
    document("index.json", index(images));
    document("manifest.json", dockerManifest(images));
    document("oci-layout", LAYOUT.getBytes(StandardCharsets.UTF_8));
  }

  private void blob(Descriptor descriptor) throws IOException {
    if (written.add(descriptor.digest())) {
      try (var data = store.blobs().open(descriptor.digest())) {
        sink.file(path(descriptor), descriptor.size(), data);
      }
    }
  }

  private void document(String name, byte[] json) throws IOException {
    sink.file(name, json.length, new ByteArrayInputStream(json));
  }

  private static byte[] index(List<SavedImage> images) {
    var root = JsonFields.newObject();
    root.put("schemaVersion", 2);
    root.put("mediaType", MediaType.OCI_INDEX);
    var manifests = root.putArray("manifests");
    for (var saved : images) {
      if (saved.names().isEmpty()) {
        entry(manifests, saved, Optional.empty());
      }
      saved.names().forEach(name -> entry(manifests, saved, Optional.of(name)));
    }
    return JsonFields.write(root);
  }

  private static void entry(ArrayNode manifests, SavedImage saved, Optional<Reference> name) {
    var descriptor = saved.image().manifestDescriptor();
    var entry = manifests.addObject();
    entry.put("mediaType", descriptor.mediaType());
    entry.put("digest", descriptor.digest().toString());
    entry.put("size", descriptor.size());
    var platform = saved.image().config().platform();
    ObjectNode platformNode = entry.putObject("platform");
    platformNode.put("architecture", platform.architecture());
    platformNode.put("os", platform.os());
    platform.variant().ifPresent(variant -> platformNode.put("variant", variant));
    name.ifPresent(reference -> {
      var annotations = entry.putObject("annotations");
      annotations.put(ArchiveLoader.FULL_NAME, reference.toString());
      reference.tag().ifPresent(tag -> annotations.put(Descriptor.REFERENCE_NAME, tag));
    });
  }

  private static byte[] dockerManifest(List<SavedImage> images) {
    var root = JsonFields.newArray();
    for (var saved : images) {
      var image = root.addObject();
      image.put("Config", path(saved.image().manifest().config()));
      var tags = image.putArray("RepoTags");
      saved.names().forEach(name -> tags.add(name.familiar()));
      var layers = image.putArray("Layers");
      saved.image().layers().forEach(layer -> layers.add(path(layer)));
    }
    return JsonFields.write(root);
  }

  private static String path(Descriptor descriptor) {
    return "blobs/" + descriptor.digest().algorithm() + "/" + descriptor.digest().hex();
  }
}
