/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.util.Optional;

/** Finds the credentials for a registry. */
public interface CredentialSource {
  /** Always anonymous. */
  CredentialSource ANONYMOUS = _ -> Optional.empty();

  /**
   * The credentials for {@code registry}, a host with optional port as in image names.
   *
   * @throws dev.caisson.image.ImageException UNAUTHORIZED when a configured helper fails
   */
  Optional<Credentials> find(String registry);

  /** The same credentials for every registry asked, as given with one API call. */
  static CredentialSource of(Credentials credentials) {
    return _ -> Optional.of(credentials);
  }
}
