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
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Image registries, by the OCI distribution protocol. Safe for use by many threads; holds
 * connections but nothing that needs closing.
 */
public final class Registry {
  private static final String PULL = "pull";
  private static final String PUSH = "pull,push";
  private static final int MAX_TAGS = 100_000;

  private final RegistryOptions options;
  private final Transport transport;

  public Registry(RegistryOptions options) {
    this.options = options;
    this.transport = new Transport(options);
  }

  /**
   * Pulls the image for {@code platform}, from a mirror if one has it. What an interrupted pull
   * left is used; an image appears in the store only when it is complete.
   *
   * @param layers is offered layers while they come
   */
  public Image pull(
      ImageStore store,
      Reference reference,
      Platform platform,
      CredentialSource credentials,
      LayerReceiver layers,
      TransferListener listener) {
    var failures = new ArrayList<ImageException>();
    for (var endpoint : endpoints(reference)) {
      var connection = connection(endpoint, reference, credentials, PULL);
      try {
        return new ImagePuller(store, connection, options, layers, listener)
            .pull(reference, platform);
      } catch (ImageException e) {
        boolean ours = e.kind() == Kind.NO_SPACE || e.kind() == Kind.IO;
        if (ours || endpoint.registry().equals(reference.registry())) {
          failures.forEach(e::addSuppressed);
          throw e;
        }
        failures.add(e); // the next mirror, or the registry itself, may do better
      }
    }
    throw new AssertionError("the registry itself is always asked last");
  }

  /**
   * Pushes {@code image} as {@code reference}. Layers stored uncompressed are compressed first, and
   * the store keeps the image in that form.
   *
   * @return what was pushed
   */
  public Descriptor push(
      ImageStore store,
      Image image,
      Reference reference,
      CredentialSource credentials,
      TransferListener listener) {
    var endpoint = Endpoint.of(reference.registry(), options);
    var connection = connection(endpoint, reference, credentials, PUSH);
    return new ImagePusher(store, connection, options, listener).push(image, reference);
  }

  /** Type, digest and size of what {@code reference} means, without fetching it. */
  public Descriptor inspect(Reference reference, CredentialSource credentials) {
    return ManifestRequest.head(origin(reference, credentials, PULL), reference.tagOrDigest());
  }

  /** The platforms {@code reference} is offered for. */
  public List<Platform> platforms(Reference reference, CredentialSource credentials) {
    var connection = origin(reference, credentials, PULL);
    var fetched = ManifestRequest.get(connection, reference.tagOrDigest());
    var type = fetched.descriptor().mediaType();
    if (MediaType.isIndex(type)) {
      return Index.parse(fetched.bytes(), type).manifests().stream()
          .flatMap(entry -> entry.platform().stream())
          .distinct()
          .toList();
    }
    var config = Manifest.parse(fetched.bytes(), type).config();
    return List.of(config(connection, config).platform());
  }

  private static ImageConfig config(Connection connection, Descriptor descriptor) {
    var address = connection.address("blobs/" + descriptor.digest());
    var response = connection.send(Connection.Request.get(address));
    if (response.statusCode() != 200) {
      throw connection.refused("configuration " + descriptor.digest(), response);
    }
    try (var body = response.body()) {
      var bytes = body.readNBytes(JsonFields.MAX_DOCUMENT + 1);
      if (!Digest.of(bytes).equals(descriptor.digest())) {
        throw new ImageException(
            Kind.DIGEST_MISMATCH, "the registry sent another configuration than asked for");
      }
      return ImageConfig.parse(bytes);
    } catch (IOException e) {
      throw connection.unreachable(e);
    }
  }

  /** All tags of the repository of {@code reference}, in the registry's order. */
  public List<String> tags(Reference reference, CredentialSource credentials) {
    var connection = origin(reference, credentials, PULL);
    return list(
        connection,
        connection.address("tags/list?n=1000"),
        "tags",
        "tags of " + reference.familiarName());
  }

  /**
   * The names of all repositories of a registry, for those registries that tell.
   *
   * @throws ImageException UNAUTHORIZED, NOT_FOUND, UNREACHABLE
   */
  public List<String> repositories(String registry, CredentialSource credentials) {
    var endpoint = Endpoint.of(registry, options);
    var connection = new Connection(endpoint, transport, options, credentials, "", "");
    return list(
        connection,
        endpoint.resolve("/v2/_catalog?n=1000"),
        "repositories",
        "repositories of " + registry);
  }

  /** All pages of a list, up to {@link #MAX_TAGS} entries. */
  private static List<String> list(Connection connection, URI first, String field, String subject) {
    var found = new ArrayList<String>();
    var address = first;
    while (true) {
      var response = connection.send(Connection.Request.get(address));
      if (response.statusCode() != 200) {
        throw connection.refused(subject, response);
      }
      try (var body = response.body()) {
        var json = body.readNBytes(JsonFields.MAX_DOCUMENT + 1);
        found.addAll(JsonFields.parse(json, subject).texts(field));
      } catch (IOException e) {
        throw connection.unreachable(e);
      }
      var next =
          response.headers().firstValue("Link").filter(link -> link.contains("rel=\"next\""));
      int end = next.map(link -> link.indexOf('>')).orElse(-1);
      if (end < 1 || found.size() > MAX_TAGS) {
        return found;
      }
      address = connection.given(next.orElseThrow().substring(1, end));
    }
  }

  /** Deletes what {@code reference} means from its registry, if that lets one. */
  public void delete(Reference reference, CredentialSource credentials) {
    var connection = origin(reference, credentials, "pull,push,delete");
    var digest = ManifestRequest.head(connection, reference.tagOrDigest()).digest();
    var request = Connection.Request.of("DELETE", connection.address("manifests/" + digest));
    var response = connection.send(request);
    if (response.statusCode() != 202 && response.statusCode() != 200) {
      throw connection.refused("deleting " + reference.familiar(), response);
    }
  }

  /**
   * Proves that the registry accepts the credentials, as {@code login} does.
   *
   * @throws ImageException UNAUTHORIZED, UNREACHABLE
   */
  public void login(String registry, CredentialSource credentials) {
    var endpoint = Endpoint.of(registry, options);
    var connection = new Connection(endpoint, transport, options, credentials, "", "");
    var response = connection.send(Connection.Request.get(endpoint.resolve("/v2/")));
    if (response.statusCode() != 200) {
      throw connection.refused("login", response);
    }
  }

  private List<Endpoint> endpoints(Reference reference) {
    var endpoints = new ArrayList<Endpoint>();
    options.mirrors().getOrDefault(reference.registry(), List.of()).stream()
        .map(Endpoint::mirror)
        .forEach(endpoints::add);
    endpoints.add(Endpoint.of(reference.registry(), options));
    return endpoints;
  }

  private Connection origin(Reference reference, CredentialSource credentials, String actions) {
    return connection(Endpoint.of(reference.registry(), options), reference, credentials, actions);
  }

  private Connection connection(
      Endpoint endpoint, Reference reference, CredentialSource credentials, String actions) {
    return new Connection(
        endpoint, transport, options, credentials, reference.repository(), actions);
  }
}
