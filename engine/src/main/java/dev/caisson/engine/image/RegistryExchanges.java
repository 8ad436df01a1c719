/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.RemoteImage;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.CredentialSource;
import dev.caisson.image.registry.Credentials;
import dev.caisson.image.registry.Registry;
import dev.caisson.image.registry.RegistryOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Images from and to registries. */
final class RegistryExchanges {
  private final ImageShelf shelf;
  private final Supplier<Registry> registry =
      new Once<>(() -> new Registry(RegistryOptions.DEFAULT));

  RegistryExchanges(ImageShelf shelf) {
    this.shelf = shelf;
  }

  /** Made at the first use: an HTTP client costs a quarter of a second to load. */
  private static final class Once<T> implements Supplier<T> {
    private final Supplier<T> maker;
    private Optional<T> made = Optional.empty();

    Once(Supplier<T> maker) {
      this.maker = maker;
    }

    @Override
    public synchronized T get() {
      var value = made.orElseGet(maker);
      made = Optional.of(value);
      return value;
    }
  }

  String pull(
      String reference, Optional<String> platform, RegistryAuth auth, ProgressListener progress) {
    return ImageFailures.translated(() -> {
      var name = Reference.parse(reference);
      progress.onProgress(
          ProgressListener.Step.of(name.tagOrDigest(), "Pulling from " + name.repository()));
      var image =
          registry
              .get()
              .pull(
                  shelf.store(),
                  name,
                  platform.map(Platform::parse).orElseGet(Platform::host),
                  credentials(auth),
                  shelf.layers(),
                  TransferProgress.pulling(progress));
      shelf
          .layers()
          .directories(shelf.store(), image); // a layer that cannot be unpacked is found out here
      progress.onProgress(
          ProgressListener.Step.of("", "Digest: " + image.manifestDescriptor().digest()));
      shelf.event("pull", name.familiar(), name.familiar());
      return ImageShelf.id(image);
    });
  }

  private static CredentialSource credentials(RegistryAuth auth) {
    if (!auth.identityToken().isEmpty()) {
      return CredentialSource.of(new Credentials.IdentityToken(auth.identityToken()));
    }
    if (!auth.user().isEmpty()) {
      return CredentialSource.of(new Credentials.Password(auth.user(), auth.password()));
    }
    if (!auth.registryToken().isEmpty()) {
      return CredentialSource.of(new Credentials.RegistryToken(auth.registryToken()));
    }
    return CredentialSource.ANONYMOUS; // never what this process's own user has: it asks for others
  }

  void push(String reference, RegistryAuth auth, ProgressListener progress) {
    var image = shelf.resolve(reference);
    ImageFailures.translated(() -> {
      var name = Reference.parse(reference);
      progress.onProgress(
          ProgressListener.Step.of("", "The push refers to repository [" + name.name() + "]"));
      var pushed =
          registry
              .get()
              .push(
                  shelf.store(),
                  image,
                  name,
                  credentials(auth),
                  TransferProgress.pushing(progress));
      progress.onProgress(
          ProgressListener.Step.of(
              "", name.tagOrDigest() + ": digest: " + pushed.digest() + " size: " + pushed.size()));
      shelf.event("push", name.familiar(), name.familiar());
      return pushed;
    });
  }

  RemoteImage remote(String reference, RegistryAuth auth) {
    return ImageFailures.translated(() -> {
      var name = Reference.parse(reference);
      var found = registry.get().inspect(name, credentials(auth));
      var platforms = registry.get().platforms(name, credentials(auth));
      return new RemoteImage(
          found.mediaType(),
          found.digest().toString(),
          found.size(),
          platforms.stream().map(Platform::toString).toList());
    });
  }

  List<String> search(String term, RegistryAuth auth) {
    int slash = term.indexOf('/');
    var host = slash < 0 ? "" : term.substring(0, slash);
    if (!host.contains(".") && !host.contains(":") && !host.equals("localhost")) {
      throw EngineException.unsupported(
          "there is no hub to search for '" + term + "'",
          "search a registry that lists its repositories: HOST:PORT/WORD");
    }
    var word = term.substring(slash + 1);
    return ImageFailures.translated(() ->
        registry.get().repositories(host, credentials(auth)).stream()
            .filter(name -> name.contains(word))
            .toList());
  }

  void login(RegistryAuth auth) {
    ImageFailures.translated(() -> {
      registry.get().login(auth.server(), credentials(auth));
      return auth;
    });
  }
}
