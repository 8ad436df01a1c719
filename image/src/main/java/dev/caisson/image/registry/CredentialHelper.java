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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program {@code docker-credential-NAME} that keeps credentials, by Docker's protocol.
 *
 * @param environment of whom the credentials are; the program itself is looked for where we would
 *     find it
 */
record CredentialHelper(String name, Map<String, String> environment) {
  private static final int MAX_ANSWER = 64 << 10;
  private static final int TIMEOUT_SECONDS = 30;
  private static final String IDENTITY_USER = "<token>";

  CredentialHelper {
    environment = Map.copyOf(environment);
    if (!name.matches("[A-Za-z0-9._-]+")) {
      throw failed(name, "is no helper's name");
    }
  }

  /** What it printed. */
  private record Answer(int code, byte[] bytes) {
    String text() {
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  Optional<Credentials> get(String registry) {
    var answer = ask("get", registry.getBytes(StandardCharsets.UTF_8));
    if (answer.code == 0) {
      return Optional.of(credentials(answer.bytes));
    }
    if (answer.text().contains("credentials not found")) {
      return Optional.empty();
    }
    throw failed(name, "failed: " + answer.text());
  }

  void store(String registry, Credentials credentials) {
    var secret = JsonFields.newObject().put("ServerURL", registry);
    switch (credentials) {
      case Credentials.Password password ->
          secret.put("Username", password.username()).put("Secret", password.password());
      case Credentials.IdentityToken token ->
          secret.put("Username", IDENTITY_USER).put("Secret", token.token());
      case Credentials.RegistryToken _ -> throw failed(name, "keeps no tokens of a registry");
    }
    require(ask("store", JsonFields.write(secret)));
  }

  void erase(String registry) {
    require(ask("erase", registry.getBytes(StandardCharsets.UTF_8)));
  }

  private void require(Answer answer) {
    if (answer.code != 0) {
      throw failed(name, "failed: " + answer.text());
    }
  }

  private Answer ask(String verb, byte[] question) {
    try {
      var builder = new ProcessBuilder("docker-credential-" + name, verb);
      var path = Optional.ofNullable(builder.environment().get("PATH"));
      builder.environment().clear();
      builder.environment().putAll(environment);
      path.ifPresent(ours -> builder.environment().put("PATH", ours));
      var process = builder.start();
      try (var in = process.getOutputStream()) {
        in.write(question);
      }
      var answer = process.getInputStream().readNBytes(MAX_ANSWER);
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw failed(name, "did not answer in " + TIMEOUT_SECONDS + " seconds");
      }
      return new Answer(process.exitValue(), answer);
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
