/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.spec.NetworkSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * All about one network.
 *
 * @param pools in effect
 * @param containers running members by container id
 */
public record NetworkInfo(
    String id,
    String name,
    Instant created,
    String driver,
    String scope,
    boolean internal,
    boolean attachable,
    boolean ipv6,
    List<NetworkSpec.AddressPool> pools,
    Map<String, Member> containers,
    Map<String, String> options,
    Map<String, String> labels) {
  /** Addresses carry their prefix length, as {@code 172.17.0.2/16}. */
  public record Member(
      String name, String endpointId, String macAddress, String ipv4Address, String ipv6Address) {}
}
