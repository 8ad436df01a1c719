/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Index;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.TransferListener.Phase;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;

/** Pulls one image: its manifest, then its configuration, then all layers side by side. */
final class ImagePuller {
  private static final int MAX_INDEX_DEPTH = 3;
  private static final int MAX_CONFIG = 4 << 20;

  private final ImageStore store;
  private final Connection connection;
  private final RegistryOptions options;
  private final LayerReceiver layers;
  private final TransferListener listener;

  ImagePuller(
      ImageStore store,
      Connection connection,
      RegistryOptions options,
      LayerReceiver layers,
      TransferListener listener) {
    this.store = store;
    this.connection = connection;
    this.options = options;
    this.layers = layers;
    this.listener = listener;
  }

  Image pull(Reference reference, Platform platform) {
    try (var lease = store.lease()) {
      var top = ManifestRequest.get(connection, reference.tagOrDigest());
      var chosen = manifest(top, platform, 1);
      var manifest = Manifest.parse(chosen.bytes(), chosen.descriptor().mediaType());
      var needed = new ArrayList<Digest>();
      needed.add(chosen.descriptor().digest());
      needed.add(manifest.config().digest());
      manifest.layers().forEach(layer -> needed.add(layer.digest()));
      lease.keep(needed);
      store.blobs().put(chosen.bytes());
      fetch(manifest, platform);
      return store.add(chosen.descriptor(), names(reference, top.descriptor().digest()));
    }
  }

  private FetchedManifest manifest(FetchedManifest fetched, Platform platform, int depth) {
    var type = fetched.descriptor().mediaType();
    if (!MediaType.isIndex(type)) {
      return fetched;
    }
    if (depth > MAX_INDEX_DEPTH) {
      throw new ImageException(Kind.INVALID, "the image nests indexes too deeply");
    }
    var entry = Index.parse(fetched.bytes(), type).choose(platform);
    var inner = ManifestRequest.get(connection, entry.digest().toString());
    return manifest(inner, platform, depth + 1);
  }

  private void fetch(Manifest manifest, Platform platform) {
    if (manifest.config().size() > MAX_CONFIG) {
      throw new ImageException(
          Kind.TOO_LARGE, "the image's configuration is longer than " + MAX_CONFIG + " bytes");
    }
    blob(manifest.config());
    var config = ImageConfig.parse(store.blobs().read(manifest.config().digest(), MAX_CONFIG));
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new ImageException(
          Kind.INVALID, "manifest and configuration disagree about the layers");
    }
    if (!config.platform().os().equals(platform.os())) {
      throw new ImageException(Kind.UNSUPPORTED, "the image is for " + config.platform());
    }
    layers(manifest.layers(), config.diffIds());
  }

  private void layers(List<Descriptor> descriptors, List<Digest> diffIds) {
    descriptors.forEach(layer -> listener.progress(layer.digest(), Phase.WAITING, 0, layer.size()));
    try (var pool =
        Executors.newFixedThreadPool(
            Math.clamp(descriptors.size(), 1, options.parallel()),
            Thread.ofVirtual().name("pull-", 0).factory())) {
      var pending = new ArrayList<CompletableFuture<Void>>();
      for (int i = 0; i < descriptors.size(); i++) {
        var layer = descriptors.get(i);
        var diffId = diffIds.get(i);
        pending.add(CompletableFuture.runAsync(() -> layer(layer, diffId), pool));
      }
      awaitAll(pending);
    }
    layers.await(diffIds);
  }

  // The first failure stops the rest; what they have so far is resumed by the next pull.
  private static void awaitAll(List<CompletableFuture<Void>> pending) {
    try {
      CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new)).join();
    } catch (CompletionException e) {
      pending.forEach(transfer -> transfer.cancel(false));
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private void layer(Descriptor layer, Digest diffId) {
    try (var writer = store.blobs().write(layer)) {
      layers.offer(diffId, writer::follow);
      if (writer.complete()) {
        listener.progress(layer.digest(), Phase.PRESENT, layer.size(), layer.size());
      } else {
        new BlobPuller(connection, options, listener).pull(layer, writer);
      }
    }
  }

  private void blob(Descriptor blob) {
    try (var writer = store.blobs().write(blob)) {
      if (!writer.complete()) {
        new BlobPuller(connection, options, TransferListener.SILENT).pull(blob, writer);
      }
    }
  }

  private static List<Reference> names(Reference reference, Digest digest) {
    var names = new ArrayList<Reference>();
    names.add(reference.withDigest(digest));
    if (reference.digest().isEmpty()) {
      names.add(reference);
    }
    return names;
  }
}
