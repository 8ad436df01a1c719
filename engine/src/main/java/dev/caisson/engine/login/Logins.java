/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.login;

import dev.caisson.engine.image.ImageFailures;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.Credentials;
import dev.caisson.image.registry.StoredLogins;
import java.nio.file.Path;
import java.util.Map;

/**
 * The logins one user has at registries, in docker's own file. An engine reads none by itself:
 * whoever asks it for an image sends along what to show there, as with {@link #forImage}.
 */
public final class Logins {
  private final StoredLogins stored;

  private Logins(StoredLogins stored) {
    this.stored = stored;
  }

  /**
   * Those of whom this environment is.
   *
   * @param environment {@code DOCKER_CONFIG} or {@code HOME} says where they are
   */
  public static Logins of(Map<String, String> environment) {
    return new Logins(StoredLogins.of(environment));
  }

  /** The file they are in, unless a credential helper keeps them. */
  public Path file() {
    return stored.file();
  }

  /** A registry as it is called in names of images; that of short names if nothing is written. */
  public static String registry(String written) {
    return written.isEmpty() ? Reference.DEFAULT_REGISTRY : StoredLogins.registry(written);
  }

  /**
   * What to show to the registry an image is from; anonymous where no login is kept.
   *
   * @throws dev.caisson.engine.EngineException INVALID for a name or a file that makes no sense,
   *     UNAUTHORIZED for a helper that fails
   */
  public RegistryAuth forImage(String reference) {
    return ImageFailures.translated(() -> at(Reference.parse(reference).registry()));
  }

  /** As {@link #forImage}, by the registry's name. */
  public RegistryAuth forRegistry(String registry) {
    return ImageFailures.translated(() -> at(registry));
  }

  private RegistryAuth at(String registry) {
    return stored
        .find(registry)
        .map(known ->
            switch (known) {
              case Credentials.Password password ->
                  RegistryAuth.password(registry, password.username(), password.password());
              case Credentials.IdentityToken token ->
                  new RegistryAuth(registry, "", "", token.token(), "");
              case Credentials.RegistryToken token ->
                  new RegistryAuth(registry, "", "", "", token.token());
            })
        .orElse(RegistryAuth.anonymous());
  }

  /**
   * Keeps a login that was tried.
   *
   * @return true if a credential helper has it now, false if it is in the file as text
   */
  public boolean keep(RegistryAuth login) {
    var credentials =
        login.identityToken().isEmpty()
            ? new Credentials.Password(login.user(), login.password())
            : new Credentials.IdentityToken(login.identityToken());
    return ImageFailures.translated(() -> stored.keep(login.server(), credentials));
  }

  /** False if there was none. */
  public boolean forget(String registry) {
    return ImageFailures.translated(() -> stored.forget(registry));
  }
}
