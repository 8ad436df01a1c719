/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.NetworkInfo;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code host} and {@code none}: to Docker's clients two networks that are always there, to the
 * engine two ways of having none.
 */
final class HostNetworks {
  private final Engine engine;
  private volatile @Nullable List<NetworkInfo> made;

  HostNetworks(Engine engine) {
    this.engine = engine;
  }

  private List<NetworkInfo> both() {
    List<NetworkInfo> both = made;
    if (both == null) {
      String owner = engine.host().info().id();
      both = List.of(network(owner, "host", "host"), network(owner, "none", "null"));
      made = both;
    }
    return both;
  }

  private static NetworkInfo network(String owner, String name, String driver) {
    return new NetworkInfo(
        id(owner, name),
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

  /** The same for every run of one engine. */
  private static String id(String owner, String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((owner + "/" + name).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /** Those of the two that match; the engine has refused unknown filters before. */
  List<NetworkInfo> list(Filters filters) {
    return both().stream()
        .filter(network ->
            filters.accepts("name", network.name()::contains)
                && filters.accepts("id", network.id()::startsWith)
                && filters.accepts("driver", network.driver()::equals)
                && filters.accepts("scope", "local"::equals)
                && filters.accepts("type", "builtin"::equals)
                && filters.accepts("dangling", wanted -> List.of("0", "false").contains(wanted))
                && filters.acceptsLabels(Map.of()))
        .toList();
  }

  /**
   * @param reference a name, an id or the beginning of one of at least twelve digits
   */
  Optional<NetworkInfo> find(String reference) {
    return both().stream()
        .filter(network ->
            network.name().equals(reference)
                || reference.length() >= 12 && network.id().startsWith(reference))
        .findFirst();
  }

  /** One of the two with the running containers that are in it. */
  NetworkInfo withMembers(NetworkInfo network) {
    Map<String, NetworkInfo.Member> members =
        engine
            .containers()
            .list(false, 0, false, Filters.none().with("network", network.name()))
            .stream()
            .collect(
                Collectors.toMap(
                    each -> each.id(),
                    each -> new NetworkInfo.Member(each.name(), each.id(), "", "", "")));
    return new NetworkInfo(
        network.id(),
        network.name(),
        network.created(),
        network.driver(),
        network.scope(),
        false,
        false,
        false,
        List.of(),
        members,
        Map.of(),
        Map.of());
  }
}
