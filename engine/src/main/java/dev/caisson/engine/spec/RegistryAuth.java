/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

/**
 * Credentials for one registry. All empty: those of the configuration file, if any.
 *
 * @param identityToken instead of user and password
 */
public record RegistryAuth(
    String server, String user, String password, String identityToken, String registryToken) {
  /** From the configuration file, or anonymous. */
  public static RegistryAuth configured() {
    return new RegistryAuth("", "", "", "", "");
  }

  /** Tells no secret. */
  @Override
  public String toString() {
    return "RegistryAuth[" + user + "@" + server + "]";
  }
}
