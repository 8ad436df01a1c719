/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

/**
 * Credentials for one registry. All empty: none.
 *
 * @param identityToken instead of user and password
 * @param registryToken instead of any of them, sent as it is
 */
public record RegistryAuth(
    String server, String user, String password, String identityToken, String registryToken) {
  /** Without credentials. */
  public static RegistryAuth anonymous() {
    return new RegistryAuth("", "", "", "", "");
  }

  public static RegistryAuth password(String server, String user, String password) {
    return new RegistryAuth(server, user, password, "", "");
  }

  /** Tells no secret. */
  @Override
  public String toString() {
    return "RegistryAuth[" + user + "@" + server + "]";
  }
}
