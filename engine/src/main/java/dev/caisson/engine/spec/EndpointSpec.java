/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a container takes part in one network.
 *
 * @param aliases further names it answers to there
 */
public record EndpointSpec(
    List<String> aliases,
    List<String> links,
    Optional<String> ipv4Address,
    Optional<String> ipv6Address,
    Optional<String> macAddress,
    Map<String, String> driverOptions) {
  public EndpointSpec {
    aliases = List.copyOf(aliases);
    links = List.copyOf(links);
    driverOptions = Map.copyOf(driverOptions);
  }

  public static EndpointSpec automatic() {
    return new EndpointSpec(
        List.of(), List.of(), Optional.empty(), Optional.empty(), Optional.empty(), Map.of());
  }
}
