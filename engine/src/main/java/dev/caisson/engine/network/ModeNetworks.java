/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.image.model.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code host} and {@code none}: ways to be without a network of one's own, which Docker shows
 * among its networks.
 */
final class ModeNetworks {
  private static final List<NetworkInfo> ALL =
      List.of(network("host", "host"), network("none", "null"));

  private static final int SHORT_ID = 12;

  private ModeNetworks() {}

  /**
   * @param reference a name, an id or the beginning of one of at least twelve digits
   */
  static Optional<NetworkInfo> find(String reference) {
    return ALL.stream()
        .filter(network ->
            network.name().equals(reference)
                || reference.length() >= SHORT_ID && network.id().startsWith(reference))
        .findFirst();
  }

  static Stream<NetworkInfo> accepted(NetworkFilter filter) {
    return ALL.stream().filter(filter::accepts);
  }

  private static NetworkInfo network(String name, String driver) {
    var id = Digest.of(("mode " + name).getBytes(StandardCharsets.UTF_8)).hex();
    return new NetworkInfo(
        id,
        name,
        Instant.EPOCH,
        driver,
        "local",
        false,
        false,
        false,
        List.of(),
        Map.of(),
        Map.of(),
        Map.of());
  }
}
