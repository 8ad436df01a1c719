/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.registry.TransferListener.Phase;
import dev.caisson.image.store.BlobWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;

/** Fetches one blob into the store, going on where an earlier attempt or process stopped. */
final class BlobPuller {
  private static final int BUFFER = 1 << 17;
  private static final long TELL_EVERY = 256 << 10;
  // An attempt that brought less than this counts as failed, or a dribbling server could go on for
  // ever.
  private static final long WORTHWHILE = 32 << 10;

  private final Connection connection;
  private final RegistryOptions options;
  private final TransferListener listener;

  BlobPuller(Connection connection, RegistryOptions options, TransferListener listener) {
    this.connection = connection;
    this.options = options;
    this.listener = listener;
  }

  /**
   * Writes all of {@code blob} and commits it.
   *
   * @throws ImageException NOT_FOUND, UNREACHABLE, INVALID, DIGEST_MISMATCH
   */
  void pull(Descriptor blob, BlobWriter writer) {
    boolean resumed = writer.position() > 0;
    try {
      transfer(blob, writer);
      writer.commit();
    } catch (ImageException e) {
      if (e.kind() != Kind.DIGEST_MISMATCH || !resumed) {
        throw e;
      }
      // What an earlier process left may be what was wrong.
      writer.restart();
      transfer(blob, writer);
      writer.commit();
    }
    listener.progress(blob.digest(), Phase.DONE, blob.size(), blob.size());
  }

  private void transfer(Descriptor blob, BlobWriter writer) {
    for (int attempt = 1; writer.position() < blob.size(); attempt++) {
      long before = writer.position();
      try {
        attempt(blob, writer);
      } catch (IOException e) {
        if (writer.position() - before >= WORTHWHILE) {
          attempt = 0;
        } else if (attempt >= options.attempts()) {
          throw connection.unreachable(e);
        }
        connection.pause(attempt + 1);
      }
    }
  }

  private void attempt(Descriptor blob, BlobWriter writer) throws IOException {
    var request =
        Connection.Request.get(connection.address("blobs/" + blob.digest()))
            .from(writer.position());
    var response = connection.send(request);
    switch (response.statusCode()) {
      case 200 -> copy(blob, writer, response, writer.position());
      case 206 -> {
        requireStart(response, writer.position());
        copy(blob, writer, response, 0);
      }
      case 416 -> {
        response.body().close();
        writer.restart();
      }
      default -> throw connection.refused("blob " + blob.digest(), response);
    }
  }

  private static void requireStart(HttpResponse<InputStream> response, long position)
      throws IOException {
    var range = response.headers().firstValue("Content-Range").orElse("");
    if (!range.startsWith("bytes " + position + "-")) {
      response.body().close();
      throw new IOException("the registry sent another range than asked for");
    }
  }

  // A server that ignores the range sends everything; what is there already is skipped.
  private void copy(
      Descriptor blob, BlobWriter writer, HttpResponse<InputStream> response, long skip)
      throws IOException {
    requireLength(blob, response, blob.size() - writer.position() + skip);
    try (var body = new StallGuard(response.body(), options.stall())) {
      body.skipNBytes(skip);
      var buffer = new byte[BUFFER];
      long told = 0;
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        writer.write(buffer, 0, n);
        if (writer.position() - told >= TELL_EVERY) {
          told = writer.position();
          listener.progress(blob.digest(), Phase.TRANSFERRING, told, blob.size());
        }
      }
    }
    if (writer.position() < blob.size()) {
      throw new IOException("the connection ended after " + writer.position() + " bytes");
    }
  }

  private static void requireLength(
      Descriptor blob, HttpResponse<InputStream> response, long expected) throws IOException {
    long length = response.headers().firstValueAsLong("Content-Length").orElse(expected);
    if (length != expected) {
      response.body().close();
      throw new ImageException(
          Kind.INVALID,
          "blob " + blob.digest() + " comes with " + length + " bytes instead of " + expected);
    }
  }
}
