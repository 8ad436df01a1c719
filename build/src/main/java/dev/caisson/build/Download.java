/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * A file that ADD fetches from a web server.
 *
 * @param file temporary; the caller deletes it
 * @param name the last word of the address, or what the server calls it
 * @param modified what the server says, else 1970
 */
record Download(Path file, String name, FileTime modified) {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Bytes; a larger one is refused. */
  private static final long LIMIT = 8L << 30;

  static boolean isRemote(String source) {
    String lower = source.toLowerCase(Locale.ROOT);
    return lower.startsWith("http://") || lower.startsWith("https://");
  }

  static boolean isRepository(String source) {
    String lower = source.toLowerCase(Locale.ROOT);
    return lower.startsWith("git@")
        || lower.startsWith("git://")
        || lower.startsWith("ssh://")
        || isRemote(lower) && lower.replaceFirst("#.*", "").endsWith(".git");
  }

  /**
   * @param checksum {@code sha256:HEX} it must have
   */
  static Download of(String source, Optional<String> checksum, Path scratch) throws IOException {
    Path file = Files.createTempFile(scratch, "download", "");
    try (HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(Duration.ofSeconds(30))
            .build()) {
      URI address = URI.create(source);
      var response =
          client.send(
              HttpRequest.newBuilder(address).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        throw new BuildException("ADD failed: " + source + " answered " + response.statusCode());
      }
      String actual = "sha256:" + save(response.body(), file, source);
      String wanted = checksum.orElse(actual);
      if (!wanted.equals(actual)) {
        throw new BuildException(
            "ADD failed: " + source + " has the digest " + actual + ", not " + wanted);
      }
      return new Download(file, name(address), modified(response));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      Files.deleteIfExists(file);
      throw new BuildException("the build was stopped", stopped);
    } catch (IllegalArgumentException malformed) {
      Files.deleteIfExists(file);
      throw new BuildException("ADD failed: '" + source + "' is no address", malformed);
    } catch (IOException failed) {
      Files.deleteIfExists(file);
      throw new BuildException("ADD failed: " + source + ": " + failed, failed);
    } catch (RuntimeException failed) {
      Files.deleteIfExists(file);
      throw failed;
    }
  }

  private static String save(InputStream body, Path file, String source) throws IOException {
    var digest = LayerTar.sha256();
    long size = 0;
    try (body;
        var out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[64 << 10];
      for (int n; (n = body.read(buffer)) > 0; ) {
        size += n;
        if (size > LIMIT) {
          throw new BuildException("ADD failed: " + source + " is larger than " + LIMIT + " bytes");
        }
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String name(URI address) {
    String path = Optional.ofNullable(address.getPath()).orElse("");
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static FileTime modified(HttpResponse<?> response) {
    try {
      return response
          .headers()
          .firstValue("Last-Modified")
          .map(text -> ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant())
          .map(FileTime::from)
          .orElse(FileTime.fromMillis(0));
    } catch (DateTimeParseException nonsense) {
      return FileTime.fromMillis(0);
    }
  }
}
