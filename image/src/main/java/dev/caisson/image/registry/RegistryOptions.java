/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How registries are spoken to.
 *
 * @param insecure hosts (with port, if any) to be spoken to without TLS; loopback always is, unless
 *     there are certificates for it
 * @param mirrors where to look first, by registry
 * @param certificateFolders folders like {@code /etc/docker/certs.d}: one folder per host with
 *     {@code *.crt} authorities and {@code *.cert}, {@code *.key} pairs
 * @param stall how long a transfer may bring almost nothing before it is broken off
 * @param attempts how often a failing request is tried, 1 or more
 * @param parallel blobs transferred at the same time per image, 1 or more
 */
public record RegistryOptions(
    Set<String> insecure,
    Map<String, List<URI>> mirrors,
    List<Path> certificateFolders,
    Duration connectTimeout,
    Duration stall,
    int attempts,
    int parallel) {
  public static final RegistryOptions DEFAULT =
      new RegistryOptions(
          Set.of(),
          Map.of(),
          List.of(Path.of("/etc/caisson/certs.d"), Path.of("/etc/docker/certs.d")),
          Duration.ofSeconds(15),
          Duration.ofSeconds(60),
          5,
          4);

  public RegistryOptions {
    insecure = Set.copyOf(insecure);
    mirrors = Map.copyOf(mirrors);
    certificateFolders = List.copyOf(certificateFolders);
  }
}
