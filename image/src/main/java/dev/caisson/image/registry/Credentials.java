/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What proves to a registry who is asking. */
public sealed interface Credentials {
  /** Name and password. */
  record Password(String username, String password) implements Credentials {
    String basic() {
      var both = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    /** Never the password. */
    @Override
    public String toString() {
      return "password of " + username;
    }
  }

  /** A refresh token, to be exchanged for short-lived ones. */
  record IdentityToken(String token) implements Credentials {
    @Override
    public String toString() {
      return "identity token";
    }
  }

  /** A token to be presented as it is. */
  record RegistryToken(String token) implements Credentials {
    @Override
    public String toString() {
      return "registry token";
    }
  }
}
