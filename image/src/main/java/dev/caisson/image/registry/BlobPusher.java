/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.registry.TransferListener.Phase;
import dev.caisson.image.store.ImageStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.function.Supplier;

/** Brings one blob into a repository: not at all, by mounting it, or in one or many requests. */
final class BlobPusher {
  /** A blob up to this size goes in one request; longer ones in pieces of it. In bytes. */
  private static final int PIECE = 32 << 20;

  private static final int ATTEMPTS = 3;

  private final ImageStore store;
  private final Connection connection;
  private final TransferListener listener;

  BlobPusher(ImageStore store, Connection connection, TransferListener listener) {
    this.store = store;
    this.connection = connection;
    this.listener = listener;
  }

  boolean present(Descriptor blob) {
    var request = Connection.Request.of("HEAD", connection.address("blobs/" + blob.digest()));
    return closed(connection.send(request)).statusCode() == 200;
  }

  /** Asks the registry to take the blob from another of its repositories. */
  boolean mount(Descriptor blob, String source) {
    var address = connection.address("blobs/uploads/?mount=" + blob.digest() + "&from=" + source);
    var response = closed(connection.send(Connection.Request.of("POST", address)));
    if (response.statusCode() == 202) {
      // It opened an upload instead; that one is not needed.
      location(response)
          .ifPresent(upload -> closed(connection.send(Connection.Request.of("DELETE", upload))));
    }
    return response.statusCode() == 201;
  }

  void push(Descriptor blob) {
    for (int attempt = 1; ; attempt++) {
      try {
        upload(blob);
        return;
      } catch (ImageException e) {
        // A broken upload cannot be trusted to go on; a fresh one can.
        if (e.kind() != Kind.UNREACHABLE || attempt == ATTEMPTS) {
          throw e;
        }
        connection.pause(attempt);
      }
    }
  }

  private void upload(Descriptor blob) {
    var start = Connection.Request.of("POST", connection.address("blobs/uploads/"));
    var response = connection.send(start);
    if (response.statusCode() != 202) {
      throw connection.refused("uploading " + blob.digest(), response);
    }
    var upload = nextLocation(closed(response), blob);
    long done = 0;
    while (blob.size() - done > PIECE) {
      long end = done + PIECE;
      long from = done;
      var piece =
          Connection.Request.of("PATCH", upload).sendingRange(from, end, piece(blob, from, PIECE));
      response = connection.send(piece);
      if (response.statusCode() != 202) {
        throw connection.refused("uploading " + blob.digest(), response);
      }
      upload = nextLocation(closed(response), blob);
      done = end;
      listener.progress(blob.digest(), Phase.TRANSFERRING, done, blob.size());
    }
    finish(blob, upload, done);
  }

  private void finish(Descriptor blob, URI upload, long done) {
    var separator = upload.getRawQuery() == null ? "?" : "&";
    var address = URI.create(upload + separator + "digest=" + blob.digest());
    var rest = piece(blob, done, (int) (blob.size() - done));
    var request = Connection.Request.of("PUT", address).sending("application/octet-stream", rest);
    var response = connection.send(request);
    if (response.statusCode() != 201 && response.statusCode() != 204) {
      throw connection.refused("uploading " + blob.digest(), response);
    }
    closed(response);
  }

  private Supplier<BodyPublisher> piece(Descriptor blob, long offset, int length) {
    return () -> HttpRequest.BodyPublishers.ofByteArray(read(blob, offset, length));
  }

  private byte[] read(Descriptor blob, long offset, int length) {
    try (var file = new RandomAccessFile(store.blobs().path(blob.digest()).toFile(), "r")) {
      var bytes = new byte[length];
      file.seek(offset);
      file.readFully(bytes);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private URI nextLocation(HttpResponse<InputStream> response, Descriptor blob) {
    return location(response)
        .orElseThrow(() ->
            new ImageException(
                Kind.INVALID,
                "uploading " + blob.digest() + ": the registry does not say where to"));
  }

  private Optional<URI> location(HttpResponse<InputStream> response) {
    return response.headers().firstValue("Location").map(connection::given);
  }

  private static HttpResponse<InputStream> closed(HttpResponse<InputStream> response) {
    try {
      response.body().close();
      return response;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
