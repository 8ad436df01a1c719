/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a container is reached.
 *
 * @param mode {@code default}, {@code bridge}, {@code none}, {@code host}, {@code container:NAME}
 *     or a network's name
 * @param endpoints settings by network; networks beyond {@code mode} are joined too
 * @param exposed ports published by {@code publishAll}, besides those of the image
 * @param hostname empty for the short id
 * @param extraHosts {@code name:address}; the address {@code host-gateway} is the host's
 */
public record NetworkingSpec(
    String mode,
    Map<String, EndpointSpec> endpoints,
    Set<PortSpec> exposed,
    List<PortBinding> published,
    boolean publishAll,
    boolean disabled,
    Optional<String> hostname,
    Optional<String> domainname,
    Optional<String> macAddress,
    List<String> dns,
    List<String> dnsOptions,
    List<String> dnsSearch,
    List<String> extraHosts,
    List<String> links) {
  public NetworkingSpec {
    endpoints = Map.copyOf(endpoints);
    exposed = Set.copyOf(exposed);
    published = List.copyOf(published);
    dns = List.copyOf(dns);
    dnsOptions = List.copyOf(dnsOptions);
    dnsSearch = List.copyOf(dnsSearch);
    extraHosts = List.copyOf(extraHosts);
    links = List.copyOf(links);
  }

  /** The default network, nothing published. */
  public static NetworkingSpec standard() {
    return of("default");
  }

  public static NetworkingSpec of(String mode) {
    return new NetworkingSpec(
        mode,
        Map.of(),
        Set.of(),
        List.of(),
        false,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }

  /** The same in other networks. */
  public NetworkingSpec withNetworks(String way, Map<String, EndpointSpec> settings) {
    return with(way, settings, published, extraHosts);
  }

  /** The same with other ports published. */
  public NetworkingSpec withPublished(List<PortBinding> value) {
    return with(mode, endpoints, value, extraHosts);
  }

  /** The same with other names in its file of hosts. */
  public NetworkingSpec withExtraHosts(List<String> value) {
    return with(mode, endpoints, published, value);
  }

  private NetworkingSpec with(
      String newMode,
      Map<String, EndpointSpec> newEndpoints,
      List<PortBinding> newPublished,
      List<String> newExtraHosts) {
    return new NetworkingSpec(
        newMode,
        newEndpoints,
        exposed,
        newPublished,
        publishAll,
        disabled,
        hostname,
        domainname,
        macAddress,
        dns,
        dnsOptions,
        dnsSearch,
        newExtraHosts,
        links);
  }
}
