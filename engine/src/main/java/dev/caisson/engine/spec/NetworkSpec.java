/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Map;

/**
 * A network to make.
 *
 * @param driver empty for {@code bridge}
 * @param internal without a way out
 * @param pools empty for one chosen by the engine
 */
public record NetworkSpec(
    String name,
    String driver,
    boolean internal,
    boolean attachable,
    boolean ipv6,
    List<AddressPool> pools,
    Map<String, String> options,
    Map<String, String> labels) {
  public NetworkSpec {
    pools = List.copyOf(pools);
    options = Map.copyOf(options);
    labels = Map.copyOf(labels);
  }

  public static NetworkSpec of(String name) {
    return new NetworkSpec(name, "", false, false, false, List.of(), Map.of(), Map.of());
  }

  /**
   * Addresses to give out.
   *
   * @param subnet as {@code 172.20.0.0/16}
   * @param range part of the subnet to choose from; empty for all of it
   * @param gateway empty for the first address
   */
  public record AddressPool(
      String subnet, String range, String gateway, Map<String, String> auxiliaryAddresses) {
    public AddressPool {
      auxiliaryAddresses = Map.copyOf(auxiliaryAddresses);
    }
  }
}
