/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The credentials of {@code ~/.docker/config.json}: stored ones, and those of credential helpers.
 */
public final class DockerConfigFile implements CredentialSource {
  private static final String HUB_KEY = "https://index." + Reference.DEFAULT_REGISTRY + "/v1/";

  private final Map<String, Credentials> stored;
  private final Map<String, String> helpers;
  private final Optional<String> defaultHelper;
  private final Map<String, String> environment;

  private DockerConfigFile(
      Map<String, Credentials> stored,
      Map<String, String> helpers,
      Optional<String> store,
      Map<String, String> environment) {
    this.environment = environment;
    this.stored = stored;
    this.helpers = helpers;
    this.defaultHelper = store;
  }

  /**
   * Reads {@code file}; a missing one holds no credentials.
   *
   * @param environment that of its user, for credential helpers
   */
  public static DockerConfigFile read(Path file, Map<String, String> environment) {
    try {
      return parse(Files.readAllBytes(file), file.toString(), environment);
    } catch (NoSuchFileException _) {
      return new DockerConfigFile(Map.of(), Map.of(), Optional.empty(), environment);
    } catch (IOException e) {
      throw ImageException.io(file.toString(), e);
    }
  }

  static DockerConfigFile parse(byte[] json, String subject, Map<String, String> environment) {
    var root = JsonFields.parse(json, subject);
    var stored = new LinkedHashMap<String, Credentials>();
    root.fields("auths")
        .ifPresent(auths ->
            auths
                .names()
                .forEach(key ->
                    auths
                        .fields(key)
                        .flatMap(DockerConfigFile::credentials)
                        .ifPresent(c -> stored.put(host(key), c))));
    return new DockerConfigFile(
        stored,
        root.textMap("credHelpers"),
        root.optionalText("credsStore").filter(name -> !name.isEmpty()),
        environment);
  }

  private static Optional<Credentials> credentials(JsonFields auth) {
    var identity = auth.optionalText("identitytoken").filter(t -> !t.isEmpty());
    if (identity.isPresent()) {
      return Optional.of(new Credentials.IdentityToken(identity.get()));
    }
    var registry = auth.optionalText("registrytoken").filter(t -> !t.isEmpty());
    if (registry.isPresent()) {
      return Optional.of(new Credentials.RegistryToken(registry.get()));
    }
    return auth.optionalText("auth")
        .filter(a -> !a.isEmpty())
        .map(DockerConfigFile::decoded)
        .or(() ->
            auth.optionalText("username")
                .map(user ->
                    new Credentials.Password(user, auth.optionalText("password").orElse(""))));
  }

  private static Credentials decoded(String base64) {
    try {
      var both = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
      int colon = both.indexOf(':');
      if (colon > 0) {
        return new Credentials.Password(
            both.substring(0, colon), both.substring(colon + 1).replace("\0", ""));
      }
    } catch (IllegalArgumentException _) {
      // told below
    }
    throw new ImageException(
        Kind.INVALID, "config.json holds an unreadable auth entry; run caisson login again");
  }

  // Keys are hosts, or URLs that older versions wrote.
  static String host(String key) {
    if (key.equals(HUB_KEY) || key.equals("index." + Reference.DEFAULT_REGISTRY)) {
      return Reference.DEFAULT_REGISTRY;
    }
    var withoutScheme = key.replaceFirst("^https?://", "");
    int slash = withoutScheme.indexOf('/');
    return slash < 0 ? withoutScheme : withoutScheme.substring(0, slash);
  }

  @Override
  public Optional<Credentials> find(String registry) {
    return helper(registry)
        .flatMap(helper -> helper.get(key(registry)))
        .or(() -> Optional.ofNullable(stored.get(registry)));
  }

  /** What keeps the credentials for a registry instead of the file. */
  Optional<CredentialHelper> helper(String registry) {
    return Optional.ofNullable(helpers.get(registry))
        .or(() -> defaultHelper)
        .map(name -> new CredentialHelper(name, environment));
  }

  /** What a registry is called in the file, and by helpers. */
  static String key(String registry) {
    return registry.equals(Reference.DEFAULT_REGISTRY) ? HUB_KEY : registry;
  }
}
