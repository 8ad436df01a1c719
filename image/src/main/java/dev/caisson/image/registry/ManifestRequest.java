/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Fetches manifests and indexes, and looks whether they are there. */
final class ManifestRequest {
  private static final String ACCEPT =
      String.join(
          ", ",
          List.of(
              MediaType.OCI_INDEX,
              MediaType.OCI_MANIFEST,
              MediaType.DOCKER_LIST,
              MediaType.DOCKER_MANIFEST));
  private static final Duration STALL = Duration.ofSeconds(30);

  private ManifestRequest() {}

  /**
   * The manifest called {@code tagOrDigest}.
   *
   * @throws ImageException NOT_FOUND, DIGEST_MISMATCH, TOO_LARGE, UNSUPPORTED, UNREACHABLE
   */
  static FetchedManifest get(Connection connection, String tagOrDigest) {
    var address = connection.address("manifests/" + tagOrDigest);
    var response = connection.send(Connection.Request.get(address).accepting(ACCEPT));
    if (response.statusCode() != 200) {
      throw connection.refused("manifest " + tagOrDigest, response);
    }
    try (var body = new StallGuard(response.body(), STALL)) {
      var bytes = body.readNBytes(JsonFields.MAX_DOCUMENT + 1);
      if (bytes.length > JsonFields.MAX_DOCUMENT) {
        throw new ImageException(
            Kind.TOO_LARGE, "the manifest is longer than " + JsonFields.MAX_DOCUMENT + " bytes");
      }
      var descriptor = Descriptor.of(mediaType(response, bytes), bytes);
      requireDigest(tagOrDigest, response, bytes);
      return new FetchedManifest(descriptor, bytes);
    } catch (IOException e) {
      throw connection.unreachable(e);
    }
  }

  /** Type, digest and size of the manifest called {@code tagOrDigest}, without fetching it. */
  static Descriptor head(Connection connection, String tagOrDigest) {
    var address = connection.address("manifests/" + tagOrDigest);
    var response = connection.send(Connection.Request.of("HEAD", address).accepting(ACCEPT));
    var digest = response.headers().firstValue("Docker-Content-Digest").flatMap(Digest::tryParse);
    if (response.statusCode() != 200) {
      throw connection.refused("manifest " + tagOrDigest, response);
    }
    return digest
        .map(d ->
            Descriptor.of(
                contentType(response),
                d,
                response.headers().firstValueAsLong("Content-Length").orElse(0)))
        .orElseGet(() -> get(connection, tagOrDigest).descriptor());
  }

  private static void requireDigest(
      String asked, HttpResponse<InputStream> response, byte[] bytes) {
    var expected =
        Digest.tryParse(asked)
            .or(() ->
                response.headers().firstValue("Docker-Content-Digest").flatMap(Digest::tryParse));
    expected.ifPresent(digest -> {
      var hash = digest.newHash();
      hash.update(bytes);
      if (!digest.matches(hash)) {
        throw new ImageException(
            Kind.DIGEST_MISMATCH, "the registry sent another manifest than " + digest);
      }
    });
  }

  private static String contentType(HttpResponse<InputStream> response) {
    var type = response.headers().firstValue("Content-Type").orElse("");
    int semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.substring(0, semicolon)).strip();
  }

  // The document's own word counts, as it is what the digest covers.
  private static String mediaType(HttpResponse<InputStream> response, byte[] bytes) {
    var type =
        JsonFields.parse(bytes, "manifest")
            .optionalText("mediaType")
            .orElseGet(() -> contentType(response));
    if (!MediaType.isIndex(type) && !MediaType.isManifest(type)) {
      throw new ImageException(
          Kind.UNSUPPORTED, "media type " + type + " is no container image Caisson knows");
    }
    return type;
  }
}
