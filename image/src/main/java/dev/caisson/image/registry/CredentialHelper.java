/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Asks a program {@code docker-credential-NAME} for credentials, by Docker's protocol. */
final class CredentialHelper {
  private static final int MAX_ANSWER = 64 << 10;
  private static final int TIMEOUT_SECONDS = 30;
  private static final String IDENTITY_USER = "<token>";

  private CredentialHelper() {}

  static Optional<Credentials> get(String name, String registry) {
    if (!name.matches("[A-Za-z0-9._-]+")) {
      throw failed(name, "is no helper's name");
    }
    try {
      var process = new ProcessBuilder("docker-credential-" + name, "get").start();
      try (var in = process.getOutputStream()) {
        in.write(registry.getBytes(StandardCharsets.UTF_8));
      }
      var answer = process.getInputStream().readNBytes(MAX_ANSWER);
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw failed(name, "did not answer in " + TIMEOUT_SECONDS + " seconds");
      }
      if (process.exitValue() == 0) {
        return Optional.of(credentials(answer));
      }
      var message = new String(answer, StandardCharsets.UTF_8).strip();
      if (message.contains("credentials not found")) {
        return Optional.empty();
      }
      throw failed(name, "failed: " + message);
    } catch (IOException e) {
      throw failed(name, "cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(name, "was interrupted");
    }
  }

  private static Credentials credentials(byte[] answer) {
    var fields = JsonFields.parse(answer, "credential helper's answer");
    var user = fields.text("Username");
    return user.equals(IDENTITY_USER)
        ? new Credentials.IdentityToken(fields.text("Secret"))
        : new Credentials.Password(user, fields.text("Secret"));
  }

  private static ImageException failed(String name, String reason) {
    return new ImageException(
        Kind.UNAUTHORIZED, "credential helper docker-credential-" + name + " " + reason);
  }
}
