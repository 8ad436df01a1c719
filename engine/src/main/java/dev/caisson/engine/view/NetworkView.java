/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A container's place in its networks.
 *
 * @param ports in effect: host ports are the real ones
 * @param exposed all known ports, published or not
 * @param endpoints by network name
 */
public record NetworkView(
    Optional<String> namespacePath,
    List<PortBinding> ports,
    Set<PortSpec> exposed,
    Map<String, EndpointView> endpoints) {
  public NetworkView {
    ports = List.copyOf(ports);
    exposed = Set.copyOf(exposed);
    endpoints = Map.copyOf(endpoints);
  }

  public static NetworkView none() {
    return new NetworkView(Optional.empty(), List.of(), Set.of(), Map.of());
  }

  /** Its part in one network; addresses are empty while it does not run. */
  public record EndpointView(
      String networkId,
      String endpointId,
      String ipv4Address,
      int ipv4PrefixLength,
      String gateway,
      String ipv6Address,
      int ipv6PrefixLength,
      String ipv6Gateway,
      String macAddress,
      List<String> aliases,
      List<String> names) {
    public EndpointView {
      aliases = List.copyOf(aliases);
      names = List.copyOf(names);
    }
  }
}
