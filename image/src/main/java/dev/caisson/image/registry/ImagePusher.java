/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.TransferListener.Phase;
import dev.caisson.image.store.CompressedImage;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;

/** Pushes one image: layers side by side, then its configuration, then its manifest. */
final class ImagePusher {
  private final ImageStore store;
  private final Connection connection;
  private final RegistryOptions options;
  private final TransferListener listener;

  ImagePusher(
      ImageStore store, Connection connection, RegistryOptions options, TransferListener listener) {
    this.store = store;
    this.connection = connection;
    this.options = options;
    this.listener = listener;
  }

  Descriptor push(Image original, Reference reference) {
    var image = CompressedImage.of(store, original);
    try (var lease = store.lease()) {
      var blobs = new LinkedHashSet<>(image.layers());
      blobs.add(image.manifest().config());
      lease.keep(blobs.stream().map(Descriptor::digest).toList());
      blobs(blobs, sources(image, reference));
      manifest(image, reference);
      store.add(
          image.manifestDescriptor(),
          List.of(reference.withDigest(image.manifestDescriptor().digest())));
      return image.manifestDescriptor();
    }
  }

  /** Other repositories of the same registry that have, or had, these layers. */
  private static Set<String> sources(Image image, Reference reference) {
    var sources = new LinkedHashSet<String>();
    for (var pin : image.pins()) {
      if (pin.registry().equals(reference.registry())
          && !pin.repository().equals(reference.repository())) {
        sources.add(pin.repository());
      }
    }
    return sources;
  }

  private void blobs(Set<Descriptor> blobs, Set<String> sources) {
    try (var pool =
        Executors.newFixedThreadPool(
            Math.clamp(blobs.size(), 1, options.parallel()),
            Thread.ofVirtual().name("push-", 0).factory())) {
      var pending = new ArrayList<CompletableFuture<Void>>();
      for (var blob : blobs) {
        pending.add(CompletableFuture.runAsync(() -> blob(blob, sources), pool));
      }
      CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private void blob(Descriptor blob, Set<String> sources) {
    var pusher = new BlobPusher(store, connection, listener);
    if (pusher.present(blob)) {
      listener.progress(blob.digest(), Phase.PRESENT, blob.size(), blob.size());
      return;
    }
    for (var source : sources) {
      if (pusher.mount(blob, source)) {
        listener.progress(blob.digest(), Phase.MOUNTED, blob.size(), blob.size());
        return;
      }
    }
    pusher.push(blob);
    listener.progress(blob.digest(), Phase.DONE, blob.size(), blob.size());
  }

  private void manifest(Image image, Reference reference) {
    var descriptor = image.manifestDescriptor();
    var bytes = store.blobs().read(descriptor.digest(), (int) descriptor.size());
    var type =
        MediaType.isManifest(descriptor.mediaType())
            ? descriptor.mediaType()
            : image.manifest().mediaType();
    var request =
        Connection.Request.of("PUT", connection.address("manifests/" + reference.tagOrDigest()))
            .sending(type, () -> HttpRequest.BodyPublishers.ofByteArray(bytes));
    var response = connection.send(request);
    if (response.statusCode() != 201 && response.statusCode() != 200) {
      throw connection.refused("pushing " + reference.familiar(), response);
    }
  }
}
