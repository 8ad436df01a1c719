/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Index;
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import dev.caisson.image.store.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes images of the documents of an archive: {@code index.json} if it has one, else Docker's. */
final class ArchiveLoader {
  /** Where containerd, and so Docker, keeps the complete name. */
  static final String FULL_NAME = "io.containerd.image.name";

  private static final String INDEX = "index.json";
  private static final String DOCKER_MANIFEST = "manifest.json";
  private static final int MAX_INDEX_DEPTH = 3;

  private final ImageStore store;
  private final Lease lease;
  private final LayerReceiver layers;
  private final Map<Digest, Digest> blobs = new HashMap<>();
  private final Contents contents;

  ArchiveLoader(ImageStore store, Lease lease, Contents contents, LayerReceiver layers) {
    this.layers = layers;
    this.store = store;
    this.lease = lease;
    this.contents = contents;
  }

  /** What is to be added once everything was verified. */
  private record Found(Descriptor manifest, List<Reference> names) {}

  List<Image> load() {
    var docker = contents.document(DOCKER_MANIFEST);
    var index = contents.document(INDEX);
    if (docker.isEmpty() && index.isEmpty()) {
      throw new ImageException(
          Kind.INVALID,
          "the archive holds neither index.json nor manifest.json, so it is no saved image;"
              + " a plain root file system is read by `caisson image import`");
    }
    // Names are complete in Docker's document only, documents in the index only.
    var found = index.isPresent() ? indexed(index.get(), docker) : saved(docker.orElseThrow());
    if (found.isEmpty()) {
      throw new ImageException(Kind.NOT_FOUND, "the archive holds no image for " + Platform.host());
    }
    // Those an archive does not name by their content were not offered while it was read.
    blobs.forEach((diffId, blob) -> layers.offer(diffId, () -> store.blobs().open(blob)));
    layers.await(blobs.keySet());
    found.forEach(image -> store.add(image.manifest(), image.names()));
    return found.stream()
        .map(image -> image.manifest().digest())
        .distinct()
        .map(digest -> store.resolve(digest.toString()))
        .toList();
  }

  private List<Found> indexed(byte[] json, Optional<byte[]> docker) {
    var found = new ArrayList<Found>();
    for (var entry : Index.parse(json, MediaType.OCI_INDEX).manifests()) {
      var manifest = manifest(entry, 1);
      manifest.ifPresent(descriptor -> {
        var config = fetch(descriptor);
        found.add(new Found(descriptor, names(entry, config, docker)));
      });
    }
    return found;
  }

  /** The manifest an index entry means on this host. */
  private Optional<Descriptor> manifest(Descriptor entry, int depth) {
    if (!MediaType.isIndex(entry.mediaType())) {
      return Optional.of(entry).filter(e -> MediaType.isManifest(e.mediaType()));
    }
    if (depth > MAX_INDEX_DEPTH) {
      throw new ImageException(Kind.INVALID, "the archive nests indexes too deeply");
    }
    var inner = Index.parse(document(entry), entry.mediaType());
    try {
      return manifest(inner.choose(Platform.host()), depth + 1);
    } catch (ImageException e) {
      if (e.kind() == Kind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Brings manifest, configuration and layers into the store; gives the configuration's digest. */
  private Digest fetch(Descriptor descriptor) {
    var json = document(descriptor);
    var manifest = Manifest.parse(json, descriptor.mediaType());
    var config = ImageConfig.parse(document(manifest.config()));
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new ImageException(
          Kind.INVALID, "manifest and configuration disagree about the layers");
    }
    require(descriptor, contents.blob(path(descriptor.digest()), Optional.empty()));
    require(manifest.config(), contents.blob(path(manifest.config().digest()), Optional.empty()));
    for (int i = 0; i < manifest.layers().size(); i++) {
      var layer = manifest.layers().get(i);
      blobs.put(config.diffIds().get(i), layer.digest());
      if (!store.blobs().contains(layer.digest()) || !leased(layer.digest())) {
        require(layer, contents.blob(path(layer.digest()), Optional.of(config.diffIds().get(i))));
      }
    }
    return manifest.config().digest();
  }

  private boolean leased(Digest digest) {
    lease.keep(List.of(digest));
    return store.blobs().contains(digest);
  }

  private byte[] document(Descriptor descriptor) {
    var json =
        contents
            .document(path(descriptor.digest()))
            .orElseThrow(() ->
                new ImageException(
                    Kind.INVALID, "the archive does not hold " + descriptor.digest()));
    require(descriptor, Descriptor.of("", json));
    return json;
  }

  private static void require(Descriptor expected, Descriptor actual) {
    if (!expected.digest().equals(actual.digest())) {
      throw new ImageException(
          Kind.DIGEST_MISMATCH,
          "the archive's " + expected.digest() + " has the content of " + actual.digest());
    }
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm() + "/" + digest.hex();
  }

  private static List<Reference> names(Descriptor entry, Digest config, Optional<byte[]> docker) {
    var names = new ArrayList<Reference>();
    var annotations = entry.annotations();
    Optional.ofNullable(annotations.get(FULL_NAME)).ifPresent(n -> names.add(Reference.parse(n)));
    if (names.isEmpty()) {
      // A bare tag here names no repository; a whole name does.
      Optional.ofNullable(annotations.get(Descriptor.REFERENCE_NAME))
          .filter(name -> name.indexOf(':') > 0 || name.indexOf('/') > 0)
          .ifPresent(name -> names.add(Reference.parse(name)));
    }
    docker.ifPresent(json ->
        JsonFields.parseList(json, DOCKER_MANIFEST).stream()
            .filter(image -> image.text("Config").contains(config.hex()))
            .flatMap(image -> image.texts("RepoTags").stream())
            .map(Reference::parse)
            .filter(name -> !names.contains(name))
            .forEach(names::add));
    return names;
  }

  private List<Found> saved(byte[] json) {
    return JsonFields.parseList(json, DOCKER_MANIFEST).stream().map(this::savedImage).toList();
  }

  private Found savedImage(JsonFields image) {
    var configPath = image.text("Config");
    var config =
        contents
            .document(configPath)
            .orElseThrow(
                () -> new ImageException(Kind.INVALID, "the archive does not hold " + configPath));
    var parsed = ImageConfig.parse(config);
    var stored = layers(image.texts("Layers"), parsed.diffIds());
    var configDescriptor = Descriptor.of(MediaType.DOCKER_CONFIG, config);
    var manifest = Manifest.write(MediaType.DOCKER_MANIFEST, configDescriptor, stored);
    var descriptor = Descriptor.of(MediaType.DOCKER_MANIFEST, manifest);
    lease.keep(List.of(configDescriptor.digest(), descriptor.digest()));
    store.blobs().put(config);
    store.blobs().put(manifest);
    return new Found(descriptor, image.texts("RepoTags").stream().map(Reference::parse).toList());
  }

  private List<Descriptor> layers(List<String> paths, List<Digest> diffIds) {
    if (paths.size() != diffIds.size()) {
      throw new ImageException(
          Kind.INVALID, "manifest.json and configuration disagree about the layers");
    }
    var descriptors = new ArrayList<Descriptor>();
    for (int i = 0; i < paths.size(); i++) {
      var stored = contents.blob(paths.get(i), Optional.of(diffIds.get(i)));
      blobs.put(diffIds.get(i), stored.digest());
      boolean plain = stored.digest().equals(diffIds.get(i));
      descriptors.add(
          Descriptor.of(
              plain ? MediaType.DOCKER_LAYER : MediaType.DOCKER_LAYER_GZIP,
              stored.digest(),
              stored.size()));
    }
    return descriptors;
  }
}
